/**
 * A Durable Object with decorators: its methods with `@Flushed()` are invocations, the others are not. The flush is within
 * the object's own `ctx.waitUntil`, after the caller has the result. (`withTelemetry(class …)` of `flushed/workers` makes
 * every method that is called from outside an invocation, by the conventions for RPC.)
 */
import { DurableObject } from 'cloudflare:workers'
import { Flushed, Telemetry, Traced } from 'flushed/decorators'
import { withTelemetry } from 'flushed/workers'
import { type Bindings, optionsFor } from './telemetry.ts'

/** How many of an article there are. The options are made at the first call, because there are no bindings before it. */
@Telemetry(optionsFor)
export class Stock extends DurableObject<Bindings> {
  @Flushed({ attributes: (quantity: number) => ({ 'app.quantity': quantity }) })
  async reserve(quantity: number): Promise<boolean> {
    const left = (await this.#left()) - quantity
    if (left < 0) return false
    await this.#store(left)
    // Nobody waits for this work. Its span is sent when it is over.
    this.ctx.waitUntil(this.#reorder(left))
    return true
  }

  /** An event handler, described by the conventions for HTTP, and part of its caller's trace. */
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
