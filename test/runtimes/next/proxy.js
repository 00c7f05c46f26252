import { NextResponse } from 'next/server'
import { span, withTelemetry } from 'flushed/next'
import { options } from './lib/telemetry'

// No `using` in here: Next reads `config` with a parser that does not know it in JavaScript, and then ignores `config`.
export const proxy = withTelemetry(async (request) => {
  span('check session').end()
  return request.nextUrl.searchParams.has('blocked') ? new NextResponse('blocked', { status: 403 }) : NextResponse.next()
}, { ...options, name: 'proxy' })

export const config = { matcher: '/proxied/:path*' }
