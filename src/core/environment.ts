/** Reads an environment variable, on runtimes that have an environment. An empty one counts as unset, as in OpenTelemetry. */
export function environment(name: string): string | undefined {
  try {
    return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[name]?.trim() || undefined
  } catch {
    // Deno asks whether the program may read this, and throws if not.
    return undefined
  }
}

/**
 * Whether this is Cloudflare's runtime. Not asked of `navigator.userAgent`: Node loads its `navigator` when it is first read, which
 * takes up to a third of a millisecond of a cold start.
 *
 * Source: Cloudflare Workers, "TransformStream", `FixedLengthStream`.
 */
export const onWorkerd = (): boolean => 'FixedLengthStream' in globalThis
