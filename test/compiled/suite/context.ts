/** `@Flushed` finds the platform's context, wherever it is. */
import { Flushed } from 'flushed/decorators'
import { withTelemetry } from 'flushed/edge'
import { behaviour, is, same } from './runner.js'
import { keeping, names, only } from './world.js'

const phases = (reports: readonly { phase: string }[]) => reports.map(({ phase }) => phase)

behaviour('context: one with `waitUntil` among the arguments has the flush after the response', async ({ options, spans, reports }) => {
  class Orders {
    @Flushed(options)
    async create(_event: unknown, _env: unknown, context: { waitUntil(work: Promise<unknown>): void }) {
      context.waitUntil(Promise.resolve())
      return 'created'
    }
  }
  const context = keeping()
  is(await new Orders().create({}, null, context), 'created')
  same(names(spans), [], 'before the response')
  await context.over()
  same(names(spans), ['Orders.create'])
  same(phases(reports), ['after-response'])
})

behaviour('context: a Lambda context among the arguments', async ({ options, spans, reports }) => {
  class Orders {
    @Flushed(options)
    async create(_event: unknown, context: { awsRequestId: string; getRemainingTimeInMillis(): number }) {
      return context.awsRequestId
    }
  }
  is(await new Orders().create({}, { awsRequestId: 'a-b-c', getRemainingTimeInMillis: () => 3000 }), 'a-b-c')
  is(only(spans, 'Orders.create').attributes['faas.invocation_id'], 'a-b-c')
  same(phases(reports), ['before-response'])
})

behaviour('context: on `this.ctx`', async ({ options, spans }) => {
  class Orders {
    readonly ctx = keeping()
    @Flushed(options)
    async create() {
      return 'created'
    }
  }
  const orders = new Orders()
  is(await orders.create(), 'created')
  same(names(spans), [], 'before the response')
  await orders.ctx.over()
  same(names(spans), ['Orders.create'])
})

behaviour('context: what the option says comes first, and is told the instance and the arguments', async ({ options, spans }) => {
  const seen: unknown[] = []
  class Orders {
    readonly ctx = keeping()
    readonly platform = keeping()
    @Flushed({
      ...options,
      context(this: Orders, ...args: unknown[]) {
        seen.push(...args)
        return this.platform
      },
    })
    async create(given: string) {
      return given
    }
  }
  const orders = new Orders()
  is(await orders.create('x'), 'x')
  await orders.ctx.over()
  same(names(spans), [], 'before the response')
  await orders.platform.over()
  same(names(spans), ['Orders.create'])
  same(seen, ['x'])
})

behaviour('context: without one, the response waits', async ({ options, spans }) => {
  class Orders {
    @Flushed(options)
    async create(_nothing: null, _text: string, _object: object) {}
  }
  await new Orders().create(null, 'x', {})
  same(names(spans), ['Orders.create'])
})

behaviour('wrap: a platform’s wrap is what the method is wrapped with', async ({ options, spans }) => {
  class Shop {
    readonly name = 'books'
    @Flushed({ ...options, wrap: withTelemetry })
    async fetch(_request: Request, _context: { waitUntil(work: Promise<unknown>): void }) {
      return new Response(this.name)
    }
  }
  const context = keeping()
  const response = await new Shop().fetch(new Request('http://shop.example/orders', { method: 'POST' }), context)
  is(await response.text(), 'books')
  await context.over()
  is(spans.length, 1, 'spans')
  is(spans[0]?.attributes['http.request.method'], 'POST')
  is(spans[0]?.attributes['http.response.status_code'], 200)
})
