import { NextResponse } from 'next/server'
import { span, withTelemetry } from 'flushed/next'
import { options } from './lib/options'

// Do not write `using` in this file: Next's parser for `config` does not know it in JavaScript, and would ignore `config`.
export const proxy = withTelemetry(async (request, event) => {
  span('check session').end()
  if (request.nextUrl.searchParams.has('audited')) {
    event.waitUntil(new Promise((resolve) => setTimeout(resolve, 200)).then(() => span('audit').end()))
  }
  return request.nextUrl.searchParams.has('blocked') ? new NextResponse('blocked', { status: 403 }) : NextResponse.next()
}, { ...options, name: 'proxy' })

export const config = { matcher: '/proxied/:path*' }
