/** Wrapped classes without a runtime, on a fake of the runtime’s own base class. */
import { wrapInfo } from 'flushed'
import { withTelemetry } from 'flushed/workers'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'

beforeEach(newIsolate)

abstract class WorkerEntrypoint {
  constructor(
    protected readonly ctx: object,
    protected readonly env: { readonly tax: number },
  ) {}
}

class Prices extends WorkerEntrypoint {
  static readonly currency = 'EUR'
  readonly #rate = 2
  seen: unknown

  constructor(ctx: object, env: { readonly tax: number }, ..._more: never[]) {
    super(ctx, env)
    this.seen = this.rated(1)
  }

  get rate() {
    return this.#rate
  }

  set rate(_value: number) {
    this.seen = this.#rate
  }

  rated(price: number) {
    return price * this.#rate * this.env.tax
  }

  async summed(...prices: number[]) {
    await Promise.resolve()
    return prices.map((price) => this.rated(price))
  }

  refuse(): number {
    throw new RangeError('no such price')
  }
}

function context() {
  const works: Promise<unknown>[] = []
  return { works, ctx: { waitUntil: (work: Promise<unknown>) => void works.push(work) } }
}

const names = ({ exporter }: ReturnType<typeof pipeline>) => exporter.spans.map(({ name }) => name)

describe('a wrapped class', () => {
  test('keeps its name, length, static members and prototype', () => {
    const { telemetry } = pipeline()
    const Wrapped = withTelemetry(Prices, { telemetry })
    expect([Wrapped.name, Wrapped.length, Wrapped.currency]).toEqual(['Prices', 2, 'EUR'])
    expect(Object.getPrototypeOf(Wrapped)).toBe(WorkerEntrypoint)
    expect(wrapInfo(Wrapped)).toEqual({ platform: 'workers', original: Prices })
    const prices = new Wrapped(context().ctx, { tax: 1 })
    expect(prices).toBeInstanceOf(Prices)
    expect(prices.constructor).toBe(Prices)
    expect(Object.keys(prices)).toEqual(Object.keys(new Prices(context().ctx, { tax: 1 })))
  })

  test('keeps static accessors that use static private members', () => {
    class Limited extends Prices {
      static #limit = 10

      static get limit() {
        return this.#limit
      }

      static set limit(limit: number) {
        this.#limit = limit
      }
    }
    const Wrapped = withTelemetry(Limited, { telemetry: pipeline().telemetry })
    Wrapped.limit = 20
    expect([Wrapped.limit, Limited.limit]).toEqual([20, 20])
  })

  test('keeps a synchronous method synchronous, and leaves its flush to `waitUntil`', async () => {
    const made = pipeline()
    const { ctx, works } = context()
    const prices = new (withTelemetry(Prices, { telemetry: made.telemetry }))(ctx, { tax: 3 })
    expect(prices.rated(10)).toBe(60)
    expect(() => prices.refuse()).toThrow(new RangeError('no such price'))
    await Promise.all(works)
    expect(names(made)).toEqual(['Prices/rated', 'Prices/refuse'])
  })

  test('makes a synchronous method return a promise if the flush has to be waited for', async () => {
    const made = pipeline()
    const prices = new (withTelemetry(Prices, { telemetry: made.telemetry, flush: 'before-response' }))(context().ctx, { tax: 1 })
    expect(await (prices.rated(1) as unknown as Promise<number>)).toBe(2)
    expect(names(made)).toEqual(['Prices/rated'])
  })

  test('without a name of its own is called what it is exported as: `default`', async () => {
    const made = pipeline()
    const { ctx, works } = context()
    new (withTelemetry(class extends Prices {}, { telemetry: made.telemetry }))(ctx, { tax: 1 }).rated(1)
    await Promise.all(works)
    expect(made.exporter.spans).toMatchObject([
      { name: 'default/rated', attributes: { 'cloudflare.entrypoint': 'default', 'rpc.method': 'default/rated' } },
    ])
  })

  test('makes no invocations of its constructor, of calls between its methods, or of getters and setters', async () => {
    const made = pipeline()
    const { ctx, works } = context()
    const prices = new (withTelemetry(Prices, { telemetry: made.telemetry }))(ctx, { tax: 1 })
    expect([prices.seen, prices.rate]).toEqual([2, 2])
    expect(await prices.summed(1, 2)).toEqual([2, 4])
    await Promise.all(works)
    expect(names(made)).toEqual(['Prices/summed'])
  })

  test('may have accessors of private members, which work from outside as well', () => {
    const prices = new (withTelemetry(Prices, { telemetry: pipeline().telemetry }))(context().ctx, { tax: 1 })
    prices.rate = 3
    expect([prices.seen, prices.rate]).toEqual([2, 2])
  })

  test('keeps the names and lengths of its methods', () => {
    const prices = new (withTelemetry(Prices, { telemetry: pipeline().telemetry }))(context().ctx, { tax: 1 })
    expect([prices.rated.name, prices.rated.length, prices.summed.length]).toEqual(['rated', 1, 0])
  })

  test('may be extended: the subclass is not wrapped, and works', () => {
    const made = pipeline()
    class More extends withTelemetry(Prices, { telemetry: made.telemetry }) {
      readonly #more = 1
      more() {
        return this.rated(1) + this.#more
      }
    }
    expect(new More(context().ctx, { tax: 1 }).more()).toBe(3)
    expect(made.exporter.spans).toEqual([])
  })

  test('makes one invocation of a call if it is wrapped twice', async () => {
    const made = pipeline()
    const { ctx, works } = context()
    const Twice = withTelemetry(withTelemetry(Prices, { telemetry: made.telemetry }), { telemetry: made.telemetry })
    expect(new Twice(ctx, { tax: 1 }).rated(1)).toBe(2)
    await Promise.all(works)
    expect(names(made)).toEqual(['Prices/rated'])
  })

  test('may be compiled into a function with methods; any other function is a handler', async () => {
    const made = pipeline()
    const { ctx, works } = context()
    function Counter(this: { ctx: object }, given: object) {
      this.ctx = given
    }
    Counter.prototype.count = () => 1
    const counter = new (withTelemetry(Counter as never, { telemetry: made.telemetry }) as new (given: object) => { count(): number })(ctx)
    expect(counter.count()).toBe(1)
    await Promise.all(works)
    const handler = withTelemetry(function handler(_request: Request) {
      return new Response('called')
    }, { telemetry: made.telemetry })
    expect(await (await handler(new Request('http://counter/'))).text()).toBe('called')
    expect(names(made)).toEqual(['Counter/count', 'GET'])
  })

  test('may bind its methods in read-only properties: they stay what they are', () => {
    class Bound extends Prices {
      constructor(ctx: object, env: { readonly tax: number }) {
        super(ctx, env)
        Object.defineProperty(this, 'rated', { value: this.rated.bind(this) })
      }
    }
    const made = pipeline()
    const prices = new (withTelemetry(Bound, { telemetry: made.telemetry }))(context().ctx, { tax: 1 })
    const { rated } = prices
    expect(rated(1)).toBe(2)
  })

  test('of a Workflow may have steps without promises, as with a fake `step` in tests of its own', async () => {
    abstract class WorkflowEntrypoint extends WorkerEntrypoint {}
    class Checkout extends WorkflowEntrypoint {
      async run(_event: object, step: { do(name: string, work: () => number): number }) {
        return step.do('price', () => 20)
      }
    }
    const made = pipeline()
    const { ctx, works } = context()
    const checkout = new (withTelemetry(Checkout, { telemetry: made.telemetry }))(ctx, { tax: 1 })
    const step = { do: <T>(_name: string, work: () => T) => work() }
    expect(await checkout.run({ workflowName: 'checkout', instanceId: '1' }, step)).toBe(20)
    await Promise.all(works)
    expect(names(made)).toContain('Checkout')
  })

  test('of a Workflow leaves the rejection of a step unhandled, as without the wrapper, if nobody handles it', async () => {
    abstract class WorkflowEntrypoint extends WorkerEntrypoint {}
    class Checkout extends WorkflowEntrypoint {
      async run(_event: object, step: { do(name: string, work: () => number): Promise<number> }) {
        void step.do('price', () => 20)
      }
    }
    const heard = vi.fn()
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', heard)
    onTestFinished(() => {
      process.removeAllListeners('unhandledRejection')
      for (const other of others) process.on('unhandledRejection', other)
    })
    const { ctx, works } = context()
    const checkout = new (withTelemetry(Checkout, { telemetry: pipeline().telemetry }))(ctx, { tax: 1 })
    const lost = new Error('the step failed')
    await checkout.run({ workflowName: 'checkout', instanceId: '1' }, { do: () => Promise.reject(lost) })
    await Promise.all(works)
    expect(heard.mock.calls).toEqual([[lost, expect.any(Promise)]])
  })

  test('has its options checked when it is wrapped', () => {
    expect(() => withTelemetry(Prices, { timeoutMs: -1 })).toThrow(TypeError)
  })

  test('gets its options from a function that is called once for all classes that share it', async () => {
    const made = pipeline()
    let calls = 0
    const options = () => {
      calls++
      return { telemetry: made.telemetry }
    }
    const { ctx, works } = context()
    const env = { tax: 1 }
    for (const Wrapped of [withTelemetry(Prices, options), withTelemetry(class Other extends Prices {}, options)]) new Wrapped(ctx, env).rated(1)
    await Promise.all(works)
    expect([calls, ...names(made)]).toEqual([1, 'Prices/rated', 'Other/rated'])
  })
})
