/** Fake contexts and globals, each like those of its platform, and a handler to keep alive. */
import { type EdgeOptions, span, withTelemetry } from 'flushed/edge'
import { pipeline } from '../../support/sdk.ts'

export const VERCEL = Symbol.for('@vercel/request-context')
export const NEXT = Symbol.for('@next/request-context')
export const globals = globalThis as unknown as Record<PropertyKey, unknown>

/** A fake context. As on platforms, calling its `waitUntil` on anything else is an illegal invocation. */
export class Context {
  readonly #held: Promise<unknown>[] = []

  waitUntil(work: Promise<unknown>): void {
    this.#held.push(work)
  }

  get held(): Promise<unknown>[] {
    return this.#held
  }
}

/** Removes the fake globals. */
export function forget(): void {
  for (const name of [VERCEL, NEXT, 'EdgeRuntime', 'Bunny']) delete globals[name]
}

/** A handler, an exporter for its spans that answers when the test tells it to, and the lines of the log. */
export function setup(options: EdgeOptions<unknown[]> = {}) {
  const made = pipeline({}, 'hold')
  const warnings: string[] = []
  const logger = { warn: (message: string) => warnings.push(message) }
  const answer = async (..._args: unknown[]) => {
    span('SELECT orders').end()
    return new Response('found')
  }
  return { ...made, warnings, handler: withTelemetry(answer, { telemetry: made.telemetry, logger, ...options }) }
}

export const request = () => new Request('https://shop.example/orders')
/** A second argument that has nothing to do with telemetry. */
export const info = { remoteAddr: { hostname: '203.0.113.7' } }
