/** Reads an environment variable, on runtimes that have an environment. An empty one counts as unset, as in OpenTelemetry. */
export function environment(name: string): string | undefined {
  try {
    return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[name]?.trim() || undefined
  } catch {
    // Deno asks whether the program may read this, and throws if not.
    return undefined
  }
}
