/** See runtime-client.mjs. */
export interface RuntimeClient {
  readonly real: boolean
  readonly command: string
  readonly args: string[]
  readonly version: string
  readonly reason?: string
}
export function ensureRuntimeClient(options?: {
  readonly log?: (line: string) => void
  readonly required?: boolean
}): Promise<RuntimeClient>
