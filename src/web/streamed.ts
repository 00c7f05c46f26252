interface Runtimes {
  readonly Bun?: { inspect(value: unknown): string }
  readonly Deno?: unknown
}

/**
 * Whether a response may have been made of a stream. Bun and Deno make a stream of any body when it is asked for: no byte stream,
 * so that text could not be told from what JavaScript streams. Another response with that has no length, and on Bun a type that is
 * implied has gone as soon as the body was asked for.
 *
 * So Bun is asked for what it tells people of a response (seen with 1.4): with a version that says it otherwise, nothing is a stream,
 * and every response is sent as it is. Of Deno's, those are taken for streams that say so, or that have no type: text has one there.
 */
export function mayBeStreamed(response: Response): boolean {
  const { Bun, Deno } = globalThis as Runtimes
  if (Bun) return Bun.inspect(response).includes('\n  ReadableStream ')
  const { headers } = response
  return !Deno || isEndless(headers) || !headers.has('content-type')
}

/** Whether a body says of itself that it has no length: events go on for as long as they like. */
export const isEndless = (headers: Headers): boolean =>
  headers.has('transfer-encoding') || /event-stream/.test(headers.get('content-type') as string)
