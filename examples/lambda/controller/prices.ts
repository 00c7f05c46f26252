import { setTimeout as wait } from 'node:timers/promises'
import { Traced } from 'flushed/decorators'

export interface Line {
  sku: string
  quantity: number
}

/** A service of the controller. It knows nothing of Lambda: its spans are below the span of its caller. */
export class Prices {
  readonly #cents = new Map([['mug', 499]])

  /** One span for all lines. It ends when the caller has taken the last line, or stops taking them. */
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
