/**
 * Next's functions that end a handler do so by throwing: `redirect()`, `notFound()`. That is no error of anybody's.
 *
 * @module
 */
import { type AnyFunction, dressed } from '../../core/layer.ts'

// Public only as what `unstable_rethrow` lets pass. The last three are of prerendering, when it comes upon something dynamic.
const CONTROL =
  /^(NEXT_REDIRECT|NEXT_HTTP_ERROR_FALLBACK|DYNAMIC_SERVER_USAGE|HANGING_PROMISE_REJECTION|NEXT_PRERENDER_INTERRUPTED)\b/

const digestOf = (thrown: unknown): string => String((thrown as { digest?: unknown } | null | undefined)?.digest)

/**
 * Whether Next has to take a request for a server action's, even in a route handler: a browser must not send the form on to
 * where it is redirected.
 *
 * Source: Next 16, `server/lib/server-action-request-meta`.
 */
const mayBeAction = ({ method, headers }: Request): boolean =>
  method === 'POST' &&
  (headers.has('next-action') || /^(multipart\/form-data|application\/x-www-form-urlencoded$)/.test(headers.get('content-type') as string))

/** What has been thrown that is no error, on its way past the invocation. */
export class Passed {
  constructor(readonly thrown: unknown) {}

  /** The status of the response that it becomes, if it becomes one: the digest ends with it, but where a form is answered. */
  statusFor(request: Request): number | undefined {
    const status = Number(/;([345]\d\d);?$/.exec(digestOf(this.thrown))?.[1])
    return status < 400 && mayBeAction(request) ? 303 : status || undefined
  }
}

/** A handler that returns as {@link Passed} what it throws and is no error. */
export const passing = (handler: AnyFunction): AnyFunction =>
  dressed(async function (this: unknown, ...args: unknown[]) {
    try {
      return await Reflect.apply(handler, this, args)
    } catch (thrown) {
      if (CONTROL.test(digestOf(thrown))) return new Passed(thrown)
      throw thrown
    }
  }, handler)

/** A function that throws again what `inner` has returned as {@link Passed}. */
export const throwing = (inner: AnyFunction): AnyFunction =>
  dressed(async function (this: unknown, ...args: unknown[]) {
    const result = await Reflect.apply(inner, this, args)
    if (result instanceof Passed) throw result.thrown
    return result
  }, inner)
