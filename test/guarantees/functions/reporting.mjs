// One child span per invocation, and the report of every flush on a line of its own.
import { setImmediate } from 'node:timers'
import { withTelemetry } from 'flushed/lambda'
import { telemetry, tracer } from './setup.mjs'

const options = {
  telemetry,
  logger: false,
  onFlush: ({ stages: _stages, ...report }) => console.log(`REPORT ${JSON.stringify(report)}`),
}

export const handler = withTelemetry(async () => tracer.startSpan('child').end(), options)

// Nothing waits for what it leaves behind, which goes on when the sandbox thaws.
export const late = withTelemetry(async () => {
  const later = () => tracer.startSpan('late').end()
  queueMicrotask(() => setImmediate(() => setImmediate(later)))
}, options)
