/**
 * What Next throws to end a handler, as by `redirect()` and `notFound()`. It is not an error.
 *
 * @module
 */
// Public only as what `unstable_rethrow` throws again. Prerendering throws the last three, when it meets something dynamic.
const CONTROL =
  /^(NEXT_REDIRECT|NEXT_HTTP_ERROR_FALLBACK|DYNAMIC_SERVER_USAGE|HANGING_PROMISE_REJECTION|NEXT_PRERENDER_INTERRUPTED)\b/

const digestOf = (thrown: unknown): string => String((thrown as { digest?: unknown } | null | undefined)?.digest)

/**
 * Whether Next has to treat a request as a server action's, even in a route handler: a browser must not send the form on to
 * the redirect's target.
 *
 * Source: Next 16, `server/lib/server-action-request-meta`.
 */
const mayBeAction = ({ method, headers }: Request): boolean =>
  method === 'POST' &&
  (headers.has('next-action') || /^(multipart\/form-data|application\/x-www-form-urlencoded$)/.test(headers.get('content-type') as string))

/** Whether a thrown value is one that Next throws to end a handler. */
export const isControl = (thrown: unknown): boolean => CONTROL.test(digestOf(thrown))

/** The status of the response that Next makes of it, if any: the one that the digest ends with, but 303 to redirect a form. */
export function statusFor(request: Request, thrown: unknown): number | undefined {
  const status = Number(/;([345]\d\d);?$/.exec(digestOf(thrown))?.[1])
  return status < 400 && mayBeAction(request) ? 303 : status || undefined
}
