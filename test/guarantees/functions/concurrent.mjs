// Invocations that wait for each other half-way, so that their spans interleave. The attributes of every span say which
// invocation it belongs to.
import { threadId } from 'node:worker_threads'
import { withTelemetry } from 'flushed/lambda'
import { telemetry, tracer } from './setup.mjs'

const options = {
  telemetry,
  timeoutMs: Number(process.env.TIMEOUT_MS ?? 2000),
  flush: process.env.FLUSH,
  attributes: ({ id }) => ({ 'app.id': id, 'app.thread': threadId }),
}

let arrivals = []

/** Resolves when `size` invocations of this thread have called it. */
async function meet(size) {
  await new Promise((met) => {
    arrivals.push(met)
    if (arrivals.length < size) return
    for (const arrival of arrivals) arrival()
    arrivals = []
  })
}

export const handler = withTelemetry(async ({ id, together = 1 }) => {
  const whose = { attributes: { 'app.id': id } }
  await tracer.startActiveSpan('before', whose, async (before) => {
    await meet(together)
    tracer.startSpan('left', whose)
    before.end()
  })
  tracer.startActiveSpan('after', whose, (after) => after.end())
  return { id, trace: process.env._X_AMZN_TRACE_ID, thread: threadId }
}, options)

// Takes longer than the function's timeout, which nothing enforces here.
export const slow = withTelemetry(async ({ ms }) => {
  await new Promise((waited) => setTimeout(waited, ms))
  tracer.startSpan('after all').end()
}, options)
