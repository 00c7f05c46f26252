interface Runtimes {
  readonly Bun?: { inspect(value: unknown): string }
  readonly Deno?: unknown
}

/**
 * Whether a response may have been made of a stream. Bun and Deno make a stream of any body when it is asked for: no byte stream,
 * so that text could not be told from what JavaScript streams. Another response with that has no length, and on Bun a type that is
 * implied has gone as soon as the body was asked for. So this does not ask, and looks where they keep what they were given. They
 * tell that nowhere in public: with a version that keeps it elsewhere, nothing is a stream, and every response is sent as it is.
 *
 * Seen with Bun 1.4 and Deno 2.9.
 */
export function mayBeStreamed(response: Response): boolean {
  const { Bun, Deno } = globalThis as Runtimes
  if (Bun) return Bun.inspect(response).includes('\n  ReadableStream ')
  const kept = response as unknown as Record<symbol, { body?: { source?: unknown } } | null>
  return !Deno || Object.getOwnPropertySymbols(kept).some((key) => kept[key]?.body?.source === null)
}
