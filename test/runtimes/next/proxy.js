import { NextResponse } from 'next/server'
import { span, withTelemetry } from 'flushed/next'
import { options } from './lib/options'

// No `using` in here: Next reads `config` with a parser that does not know it in JavaScript, and then ignores `config`.
export const proxy = withTelemetry(async (request, event) => {
  span('check session').end()
  if (request.nextUrl.searchParams.has('audited')) {
    event.waitUntil(new Promise((resolve) => setTimeout(resolve, 200)).then(() => span('audit').end()))
  }
  return request.nextUrl.searchParams.has('blocked') ? new NextResponse('blocked', { status: 403 }) : NextResponse.next()
}, { ...options, name: 'proxy' })

export const config = { matcher: '/proxied/:path*' }
