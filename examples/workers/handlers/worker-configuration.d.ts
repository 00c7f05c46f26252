/** The part of `npx wrangler types` that is used here. */
interface Env {
  OTLP_ENDPOINT: string
  ORDERS: { send(message: unknown): Promise<unknown> }
  SOLD: { getByName(name: string): { add(quantity: number): Promise<number> } }
}

declare module 'cloudflare:workers' {
  export class DurableObject<Env> {
    constructor(ctx: unknown, env: Env)
    protected ctx: {
      storage: { get<T>(key: string): Promise<T | undefined>; put(key: string, value: unknown): Promise<void> }
      waitUntil(work: Promise<unknown>): void
    }
    protected env: Env
  }
}
