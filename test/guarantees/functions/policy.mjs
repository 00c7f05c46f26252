// One child span per invocation, flushed as seldom as `POLICY` says, and a background audit if the event asks for one.
import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil, withTelemetry } from 'flushed/lambda'
import { telemetry, tracer } from './setup.mjs'

if (!process.env.UNREGISTERED) await import('flushed/lambda/register')

async function audit(id, ms) {
  const span = tracer.startSpan('audit')
  await sleep(ms)
  if (id === 'bad') throw new Error('no such order')
  span.end()
  console.log(`AUDITED ${id}`)
}

export const handler = withTelemetry(
  async ({ id, auditMs }) => {
    tracer.startSpan('child').end()
    if (auditMs) waitUntil(audit(id, auditMs))
    return { id }
  },
  { telemetry, policy: JSON.parse(process.env.POLICY), onFlush: ({ phase, spans, warnings }) => console.log(`FLUSH ${phase} ${spans.endedByDispose} ${warnings.join('; ')}`) },
)
