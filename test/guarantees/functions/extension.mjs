// Handlers that flush after their response, if something has registered the extension: see `registered.mjs`.
import { AsyncLocalStorage } from 'node:async_hooks'
import { span, waitUntil, withTelemetry } from 'flushed/lambda'
import { telemetry, tracer } from './setup.mjs'

const storage = new AsyncLocalStorage()

const options = {
  telemetry,
  timeoutMs: Number(process.env.TIMEOUT_MS ?? 2000),
  flush: process.env.FLUSH ?? 'auto',
  onFlush: ({ stages: _stages, ...report }) => console.log(`REPORT ${JSON.stringify({ ...report, stored: storage.getStore() })}`),
}

const order = async ({ id }) => {
  tracer.startSpan('child').end()
  return { id }
}

export const handler = withTelemetry(order, options)
export const streams = awslambda.streamifyResponse(withTelemetry(async ({ id }, stream) => {
  tracer.startSpan('child').end()
  stream.end(`order ${id}`)
}, options))
export const beforeResponse = withTelemetry(order, { ...options, flush: 'before-response' })
export const throws = withTelemetry(async () => {
  throw new RangeError('out of stock')
}, options)

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export const background = withTelemetry(async ({ id }) => {
  const audit = async () => {
    const audit = span('audit')
    await pause(Number(process.env.AUDIT_MS ?? 150))
    audit.setAttribute('audited', true).end()
    console.log('audited')
  }
  waitUntil(audit())
  return { id }
}, options)

/** A wrapped handler that calls another, which is a part of it. */
export const nested = withTelemetry((event, context) => handler(event, context), { ...options, name: 'outer' })

/** Keeps a value in AsyncLocalStorage for everything that runs on behalf of the invocation. */
export const stored = (event, context) => storage.run(`for ${event.id}`, handler, event, context)

/** An unwrapped handler that calls wrapped ones: two at the same time, then one more. */
export const several = async ({ id }, context) => {
  await Promise.all([handler({ id }, context), background({ id }, context)])
  return handler({ id }, context)
}

/** Calls a wrapped handler with a request id that Lambda does not know. */
export const renamed = ({ id }) => handler({ id }, { awsRequestId: `renamed ${id}` })

/** Answers some events by itself. */
export const outside = async (event, context) => {
  if (event.fails) throw new TypeError('not today')
  if (event.waitMs) await pause(event.waitMs)
  return event.wrapped ? handler(event, context) : { id: event.id }
}

export const exits = withTelemetry(async () => process.exit(3), options)
export const hangs = withTelemetry(() => new Promise(() => setInterval(() => {}, 1000)), options)

/** Registers when it is too late. */
export const late = withTelemetry(async (event) => {
  await import('flushed/lambda/register')
  return order(event)
}, options)
