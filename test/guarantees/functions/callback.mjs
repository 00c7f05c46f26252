// Callback-style handlers, which Node 24's runtime refuses if they are not wrapped.
import { scrypt } from 'node:crypto'
import { withTelemetry } from 'flushed/lambda'
import { telemetry, tracer } from './setup.mjs'

const wrap = (handler) => withTelemetry(handler, { telemetry })
const work = () => tracer.startActiveSpan('ship', () => tracer.startSpan('label'))
const soon = (then) => setTimeout(then, 20)

export const bare = (event, _context, callback) => soon(() => callback(null, { id: event.id }))

/** Not wrapped, beside wrapped handlers: because of those, the sandbox is held. */
export const unwrapped = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = event.waits
  bare(event, context, callback)
}

export const succeeds = wrap((event, _context, callback) => {
  work()
  soon(() => callback(null, { id: event.id }))
})

/** Waits for the thread pool alone. */
export const hashes = wrap((event, _context, callback) => {
  work()
  scrypt('secret', 'salt', 16, (error) => callback(error, { id: event.id }))
})

export const fails = wrap((_event, _context, callback) => {
  work()
  soon(() => callback(new RangeError('out of stock')))
})

export const throws = wrap((_event, _context, _callback) => {
  work()
  throw new RangeError('out of stock')
})

export const promises = wrap(async (event, _context, _callback) => {
  work()
  return { id: event.id }
})

/** Resolves with `undefined`, and calls back before it does. */
export const awaits = wrap(async (event, _context, callback) => {
  work()
  await new Promise(soon)
  callback(null, { id: event.id })
})

/** Never calls back, and leaves nothing to wait for. */
export const forgets = wrap((_event, _context, _callback) => {
  work()
  soon(() => {})
})

/** Is done when it returns, and does not say so: no callback, no promise. */
export const returns = wrap((_event, _context) => void work())

export const value = withTelemetry((event, _context) => (work(), { id: event.id }), { telemetry, timeoutMs: 300 })

/** Leaves something to wait for. With a promise, nothing would wait for it. */
export const leaves = wrap((event, _context, callback) => {
  work()
  setInterval(() => {}, 1000)
  callback(null, { id: event.id })
})

/** Ends through the context, on runtimes where that is possible: up to Node 22. */
export const ended = wrap((event, context) => {
  work()
  soon(() => context.succeed({ id: event.id }))
})

export const timed = wrap((event, context) => {
  work()
  return setTimeout(() => context.succeed({ id: event.id }), 20)
})

export const hashed = wrap((event, context) => {
  work()
  scrypt('secret', 'salt', 16, () => context.succeed({ id: event.id }))
})

/** Has no parameters, according to its `length`. */
export const spread = wrap((...args) => {
  work()
  const [event, , callback] = args
  soon(() => callback(null, { id: event.id }))
})

export const ends = wrap((event, context, callback) => {
  work()
  soon(() => (context.done ?? callback)(null, { id: event.id }))
})
