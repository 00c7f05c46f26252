import { NextResponse } from 'next/server'
import { span, withTelemetry } from 'flushed/next'

export const proxy = withTelemetry(async (request) => {
  using _ = span('check session')
  return request.nextUrl.searchParams.has('blocked') ? new NextResponse('blocked', { status: 403 }) : NextResponse.next()
}, { name: 'proxy' })

export const config = { matcher: '/proxied/:path*' }
