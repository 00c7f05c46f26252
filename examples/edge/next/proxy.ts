import { span, withTelemetry } from 'flushed/next'
import { telemetry } from './lib/telemetry.ts'

export const config = { matcher: '/orders/:path*' }

export const proxy = withTelemetry(
  async (request: Request) => {
    using session = span('check session')
    session.setAttribute('session.cookie', request.headers.has('cookie'))
  },
  { telemetry, name: 'proxy' },
)
