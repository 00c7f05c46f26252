// Handlers that do not settle in time, if ever. `REGISTER` names the way in which the extension is registered, if it is.
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { currentInvocation, waitUntil, withTelemetry } from 'flushed/lambda'
import { telemetry, tracer } from './setup.mjs'

if (process.env.REGISTER) await import(`flushed/lambda/${process.env.REGISTER}`)

// Somebody else who has something to do at the end, and ends the process when it is done.
if (process.env.LISTENS) process.on('SIGTERM', () => setTimeout(() => console.log('LISTENED') ?? process.exit(), 300))

const options = {
  telemetry,
  timeoutMs: 1000,
  ...(process.env.EARLY && { earlyTimeoutMs: JSON.parse(process.env.EARLY) }),
  onFlush: ({ stages: _stages, ...report }) => console.log(`REPORT ${JSON.stringify(report)}`),
}

const query = () => tracer.startActiveSpan('query', () => tracer.startSpan('row'))

export const hangs = withTelemetry(() => {
  query()
  return new Promise(() => setInterval(() => {}, 1000))
}, options)

/** Waits for what nothing will ever bring about. */
export const empty = withTelemetry(() => {
  query()
  return new Promise(() => {})
}, options)

/** Stops when it is told to, and still has something to say. */
export const stops = withTelemetry(async () => {
  const { signal } = currentInvocation()
  query()
  const working = setInterval(() => {}, 1000)
  await once(signal, 'abort')
  clearInterval(working)
  tracer.startSpan('epilogue').end()
  return { stopped: signal.reason.name }
}, options)

/** Is late, and in time all the same. */
export const late = withTelemetry(async () => {
  query()
  await pause(700)
  return { late: true }
}, options)

/** Answers, and leaves work behind that is never over. */
export const works = withTelemetry(async () => {
  query()
  waitUntil(new Promise(() => setInterval(() => {}, 1000)))
  return { answered: true }
}, options)
