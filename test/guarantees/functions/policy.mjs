// One child each, flushed as seldom as `POLICY` says.
import { withTelemetry } from 'flushed/lambda'
import { telemetry, tracer } from './setup.mjs'

if (!process.env.UNREGISTERED) await import('flushed/lambda/register')

export const handler = withTelemetry(
  async ({ id }) => {
    tracer.startSpan('child').end()
    return { id }
  },
  { telemetry, policy: JSON.parse(process.env.POLICY), onFlush: ({ phase }) => console.log(`FLUSH ${phase}`) },
)
