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
export interface Observer {
  /** A middleware has answered, and the request is over. */
  answered(response: unknown): void
  /** The request has failed, and the `onError` hooks are about to run. */
  failed(error: unknown): void
  /** An `onError` hook has thrown, and the request is over. */
  threw(error: unknown): void
}

/** Tells an observer of what is written to a request, which goes on to hold what is written to it. */
export function observe(request: Ending, { answered, failed, threw }: Observer): void {
  let first = true
  intercept(request, 'response', (response) => {
    if ('earlyResponse' in request && request.earlyResponse === response) answered(response)
  })
  intercept(request, 'error', (error, before) => {
    if (first) failed(error)
    else if (thrownAfter(error, before)) threw(error)
    first = false
  })
}

/**
 * Whether middy has written this error because a hook threw it, rather than a hook, to replace the one there was. Of a
 * hook's error middy writes down which one it came after, unless it is no object or that very one.
 */
const thrownAfter = (error: unknown, before: unknown): boolean =>
  error === before || !isObject(error) || ('originalError' in error && error.originalError === before)

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

function intercept(request: Ending, key: keyof Ending, written: (value: unknown, before: unknown) => void): void {
  const outer = Object.getOwnPropertyDescriptor(request, key)
  let current = request[key]
  Object.defineProperty(request, key, {
    configurable: true,
    enumerable: true,
    get: () => current,
    set(value: unknown) {
      const before = current
      current = value
      written(value, before)
      // Of another middleware of ours, used before this one: around it, so it ends last.
      outer?.set?.(value)
    },
  })
}
