/** See runtime-client.mjs. */
export interface RuntimeClient {
  readonly real: boolean
  readonly command: string
  readonly args: string[]
  readonly version: string
  readonly reason?: string
}
export interface EnsureOptions {
  readonly log?: (line: string) => void
  readonly required?: boolean
}
export function ensureRuntimeClient(options?: EnsureOptions): Promise<RuntimeClient>
export function ensureRuntimeClients(options?: EnsureOptions): Promise<RuntimeClient[]>
