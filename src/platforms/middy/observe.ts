/**
 * Learns from middy's request what its hooks do not tell. A middleware that answers early, or whose `onError` throws, keeps all
 * later hooks from being called, and the first middleware's `after` and `onError` are the last of all.
 *
 * @module
 */

/** The properties of a request that say how it ends. Both are public: middlewares read and write them. */
export interface Ending {
  response: unknown
  error: unknown
}

/** What an observer is told. */
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
  /** Our middlewares, the innermost first. */
  readonly observers: Observer[]
}

interface Observed extends Ending {
  [STATE]?: State
}

/** Tells an observer what is written to a request. The request still holds what is written to it. */
export function observe(request: Observed, observer: Observer): void {
  const state = request[STATE]
  if (state) return void state.observers.unshift(observer)
  const { response, error } = request
  request[STATE] = { response, error, failed: false, observers: [observer] }
  Object.defineProperty(request, 'response', RESPONSE)
  Object.defineProperty(request, 'error', ERROR)
}

const stateOf = (request: Observed): State => request[STATE] as State

// All requests share these functions. With functions of its own, each request would have a shape of its own to the engine, and
// garbage collection would take longer than all the rest of an invocation.
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
    // After an error, `undefined` is not an answer: middy throws the error, and calls no further hook.
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
 * Whether middy has written this error because a hook threw it. A hook may also write an error itself, to replace the previous
 * one or to clear it. On an error that a hook threw, middy notes which error came before it, unless the thrown value is not an
 * object or is that same error.
 */
const thrownAfter = (error: unknown, before: unknown): boolean =>
  !isNothing(error) && (error === before || !isObject(error) || ('originalError' in error && error.originalError === before))

/** Whether a value says that there is no error any more. No hook throws such a value because of an error. */
const isNothing = (error: unknown): boolean => error === undefined || error === null

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
