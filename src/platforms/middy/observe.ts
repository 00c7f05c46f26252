/**
 * Learns from middy's request what its hooks do not tell: a middleware that answers early, or whose `onError` throws,
 * keeps all later hooks from being called, and the first middleware's `after` and `onError` are the last of all.
 *
 * @module
 */

/** What of a request says how it ends. Both are public: middlewares read and write them. */
export interface Ending {
  response: unknown
  error: unknown
}

/** What was learned. */
interface Observer {
  /** A middleware has answered, and the request is over. */
  answered(response: unknown): void
  /** The request has failed, and the `onError` hooks are about to run. */
  failed(error: unknown): void
  /** An `onError` hook has thrown, or has ended the request without an answer. */
  threw(error: unknown): void
}

const STATE = Symbol.for('flushed.request')

interface State extends Ending {
  failed: boolean
  /** Middlewares of ours, the innermost first. */
  readonly observers: Observer[]
}

interface Observed extends Ending {
  [STATE]?: State
}

/** Tells an observer of what is written to a request, which goes on to hold what is written to it. */
export function observe(request: Observed, observer: Observer): void {
  const state = request[STATE]
  if (state) return void state.observers.unshift(observer)
  const { response, error } = request
  request[STATE] = { response, error, failed: false, observers: [observer] }
  Object.defineProperty(request, 'response', RESPONSE)
  Object.defineProperty(request, 'error', ERROR)
}

const stateOf = (request: Observed): State => request[STATE] as State

// The same functions for all requests: with functions of its own, each would be of a shape of its own to the engine,
// and the garbage collector would take longer than all the rest of an invocation.
const RESPONSE: PropertyDescriptor & ThisType<Observed> = {
  configurable: true,
  enumerable: true,
  get() {
    return stateOf(this).response
  },
  set(response: unknown) {
    const state = stateOf(this)
    state.response = response
    if (!('earlyResponse' in this) || this.earlyResponse !== response) return
    // For an error, `undefined` is no answer: middy throws it, and calls no further hook.
    const threw = state.failed && response === undefined
    for (const observer of state.observers) {
      if (threw) observer.threw(state.error)
      else observer.answered(response)
    }
  },
}

const ERROR: PropertyDescriptor & ThisType<Observed> = {
  configurable: true,
  enumerable: true,
  get() {
    return stateOf(this).error
  },
  set(error: unknown) {
    const state = stateOf(this)
    const before = state.error
    const event = !state.failed ? 'failed' : thrownAfter(error, before) ? 'threw' : undefined
    Object.assign(state, { error, failed: true })
    if (event) for (const observer of state.observers) observer[event](error)
  },
}

/**
 * Whether middy has written this error because a hook threw it, rather than a hook, to replace the one there was or to clear
 * it. Of a hook's error middy writes down which one it came after, unless it is no object or that very one.
 */
const thrownAfter = (error: unknown, before: unknown): boolean =>
  !isNothing(error) && (error === before || !isObject(error) || ('originalError' in error && error.originalError === before))

/** What is written to say that there is no error any more. Nobody throws that on an error. */
const isNothing = (error: unknown): boolean => error === undefined || error === null

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
