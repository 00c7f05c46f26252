interface Runtimes {
  readonly Bun?: { inspect(value: unknown): string }
  readonly Deno?: unknown
}

/**
 * Whether a response may have been made from a stream. Bun and Deno make a stream of any body when it is asked for. It is not a
 * byte stream, so text could not be told from what JavaScript streams. Another response with that stream has no length, and on
 * Bun an implied type is gone as soon as the body has been asked for.
 *
 * So for Bun, look at how it prints a response for people (seen with 1.4). With a version that prints it otherwise, nothing is a
 * stream, and every response is sent as it is. On Deno, a response is taken for a stream if it says so, or if it has no type:
 * text has a type there.
 */
export function mayBeStreamed(response: Response): boolean {
  const { Bun, Deno } = globalThis as Runtimes
  if (Bun) return Bun.inspect(response).includes('\n  ReadableStream ')
  const { headers } = response
  return !Deno || isEndless(headers) || !headers.has('content-type')
}

/** Whether the headers say that a body has no length. Event streams go on for as long as they like. */
export const isEndless = (headers: Headers): boolean =>
  headers.has('transfer-encoding') || /event-stream/.test(headers.get('content-type') as string)
