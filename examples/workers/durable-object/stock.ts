/**
 * A Durable Object with decorators: those of its methods that have `@Flushed()` are invocations, and the others are not. The
 * flush is within its own `ctx.waitUntil`, after the caller has the result. (`withTelemetry(class …)` of `flushed/workers`
 * has every method that is called from outside be one, by the conventions for RPC.)
 */
import { DurableObject } from 'cloudflare:workers'
import { Flushed, Telemetry, Traced } from 'flushed/decorators'
import { withTelemetry } from 'flushed/workers'
import { type Bindings, optionsFor } from './telemetry.ts'

/** How many of an article there are. Its options are made at the first call: there are no bindings before. */
@Telemetry(optionsFor)
export class Stock extends DurableObject<Bindings> {
  @Flushed({ attributes: (quantity: number) => ({ 'app.quantity': quantity }) })
  async reserve(quantity: number): Promise<boolean> {
    const left = (await this.#left()) - quantity
    if (left < 0) return false
    await this.#store(left)
    // Nobody waits for it, and its span is sent when it is over.
    this.ctx.waitUntil(this.#reorder(left))
    return true
  }

  /** A handler of events, described by the conventions for HTTP, and a part of its caller's trace. */
  @Flushed({ wrap: withTelemetry })
  async fetch(_request: Request): Promise<Response> {
    return Response.json({ left: await this.#left() })
  }

  @Traced('storage.get')
  async #left(): Promise<number> {
    return (await this.ctx.storage.get<number>('left')) ?? 10
  }

  @Traced('storage.put')
  #store(left: number): Promise<void> {
    return this.ctx.storage.put('left', left)
  }

  @Traced({ name: 'reorder', attributes: (left: number) => ({ 'app.left': left }) })
  async #reorder(left: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 50))
    await this.ctx.storage.put('ordered', 10 - left)
  }
}
