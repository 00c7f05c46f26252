/**
 * Next's functions that end a handler do so by throwing: `redirect()`, `notFound()`. That is no error of anybody's.
 *
 * @module
 */
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

/** Whether something that was thrown is one of these. */
export const isControl = (thrown: unknown): boolean => CONTROL.test(digestOf(thrown))

/** The status of the response that it becomes, if it becomes one: the digest ends with it, but where a form is answered. */
export function statusFor(request: Request, thrown: unknown): number | undefined {
  const status = Number(/;([345]\d\d);?$/.exec(digestOf(thrown))?.[1])
  return status < 400 && mayBeAction(request) ? 303 : status || undefined
}
