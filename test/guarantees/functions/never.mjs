// Handlers that do not settle in time, if ever. `REGISTER` says how the extension is registered, if it is.
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { currentInvocation, waitUntil, withTelemetry } from 'flushed/lambda'
import { telemetry, tracer } from './setup.mjs'

if (process.env.REGISTER) await import(`flushed/lambda/${process.env.REGISTER}`)

// Another listener, which has something to do at the end, and ends the process when that is done.
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

/** Waits for a promise that nothing will ever settle. */
export const empty = withTelemetry(() => {
  query()
  return new Promise(() => {})
}, options)

/** Stops when its signal is aborted, and then records one more span. */
export const stops = withTelemetry(async () => {
  const { signal } = currentInvocation()
  query()
  const working = setInterval(() => {}, 1000)
  await once(signal, 'abort')
  clearInterval(working)
  tracer.startSpan('epilogue').end()
  return { stopped: signal.reason.name }
}, options)

/** Settles after the early timeout, but before the function's own. */
export const late = withTelemetry(async () => {
  query()
  await pause(700)
  return { late: true }
}, options)

/** Answers, and leaves background work that never ends. */
export const works = withTelemetry(async () => {
  query()
  waitUntil(new Promise(() => setInterval(() => {}, 1000)))
  return { answered: true }
}, options)
