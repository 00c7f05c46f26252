/** A Durable Object: each call of a method is an invocation of its own, with a root span and a flush. */
import { DurableObject } from 'cloudflare:workers'
import { span } from 'flushed'
import { withTelemetry } from 'flushed/workers'
import { optionsFor } from './telemetry.ts'

/** How many of an article have been sold. */
export const Sold = withTelemetry(
  class Sold extends DurableObject<Env> {
    async add(quantity: number): Promise<number> {
      using write = span('write')
      const sold = ((await this.ctx.storage.get<number>('sold')) ?? 0) + quantity
      await this.ctx.storage.put('sold', sold)
      write.setAttribute('app.sold', sold)
      return sold
    }
  },
  optionsFor,
)
/** For the types that Wrangler generates. */
export type Sold = InstanceType<typeof Sold>
