import { setTimeout as wait } from 'node:timers/promises'
import { Traced } from 'flushed/decorators'

export interface Line {
  sku: string
  quantity: number
}

/** A service of the controller. It knows nothing of Lambda: its spans are below whatever calls it. */
export class Prices {
  readonly #cents = new Map([['mug', 499]])

  /** One span for all of it, which ends when the last line has been taken, or whoever takes them stops. */
  @Traced()
  async *of(lines: readonly Line[]): AsyncGenerator<number> {
    for (const { sku, quantity } of lines) yield quantity * (await this.look(sku))
  }

  @Traced({ attributes: (sku: string) => ({ 'order.sku': sku }) })
  async look(sku: string): Promise<number> {
    await wait(5)
    return this.#cents.get(sku) ?? 999
  }
}
