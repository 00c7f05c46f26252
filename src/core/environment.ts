/** An environment variable, on runtimes that have an environment; one that is empty is none, as OpenTelemetry has it. */
export function environment(name: string): string | undefined {
  try {
    return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[name]?.trim() || undefined
  } catch {
    // Deno asks whether this may be read.
    return undefined
  }
}
