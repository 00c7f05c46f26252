/** `@Traced`: generators and iterators, whose span stays open until they are done. */
import { SpanStatusCode, trace } from '@opentelemetry/api'
import { Flushed, Traced } from 'flushed/decorators'
import { behaviour, is, same, thrownBy } from './runner.js'
import { names, only } from './world.js'

const error = new Error('out of paper')

class Pages {
  cleaned = 0
  @Traced()
  *all(count: number): Generator<number, string, string | undefined> {
    try {
      for (let page = 1; page <= count; page++) if ((yield page) === 'stop') return 'stopped'
      return 'done'
    } finally {
      this.cleaned++
    }
  }
  @Traced()
  *failing(): Generator<number> {
    yield 1
    throw error
  }
  @Traced()
  async *later(count: number): AsyncGenerator<number, string> {
    try {
      for (let page = 1; page <= count; page++) yield page
      return 'done'
    } finally {
      this.cleaned++
    }
  }
  @Traced()
  async *laterFailing(): AsyncGenerator<number> {
    yield 1
    throw error
  }
  /** An iterable that is no generator: it need not have a `return`. */
  @Traced()
  feed(count: number) {
    let page = 0
    return {
      [Symbol.asyncIterator]: () => ({ next: async () => (page < count ? { value: ++page, done: false } : { value: undefined, done: true }) }),
    }
  }
}

behaviour('@Traced: a generator to its end', ({ ended }) => {
  const pages = new Pages().all(2)
  same([pages.next(), pages.next()], [{ value: 1, done: false }, { value: 2, done: false }])
  same(names(ended), [], 'while it goes on')
  same([pages.next(), pages.next()], [{ value: 'done', done: true }, { value: undefined, done: true }])
  same(names(ended), ['Pages.all'])
})

behaviour('@Traced: a generator is sent values, and iterated', ({ ended }) => {
  const pages = new Pages().all(9)
  pages.next()
  same(pages.next('stop'), { value: 'stopped', done: true })
  same([...new Pages().all(3)], [1, 2, 3])
  same(names(ended), ['Pages.all', 'Pages.all'])
})

behaviour('@Traced: a generator that is left early', ({ ended }) => {
  const pages = new Pages()
  for (const page of pages.all(9)) if (page === 2) break
  same([names(ended), pages.cleaned], [['Pages.all'], 1])
})

behaviour('@Traced: a generator that throws, and one that is thrown into', async ({ ended }) => {
  is(await thrownBy(() => [...new Pages().failing()]), error)
  const pages = new Pages().all(9)
  pages.next()
  is(await thrownBy(() => pages.throw(error)), error)
  same(ended.map(({ name, status }) => [name, status.code]), [
    ['Pages.failing', SpanStatusCode.ERROR],
    ['Pages.all', SpanStatusCode.ERROR],
  ])
})

behaviour('@Traced: an asynchronous generator to its end', async ({ ended }) => {
  const seen: number[] = []
  for await (const page of new Pages().later(2)) {
    seen.push(page)
    same(names(ended), [], 'while it goes on')
  }
  same(seen, [1, 2])
  same(names(ended), ['Pages.later'])
})

behaviour('@Traced: an asynchronous generator that is left early', async ({ ended }) => {
  const pages = new Pages()
  for await (const page of pages.later(9)) if (page === 2) break
  same([names(ended), pages.cleaned], [['Pages.later'], 1])
})

behaviour('@Traced: an asynchronous generator that throws', async ({ ended }) => {
  const pages = new Pages().laterFailing()
  await pages.next()
  is(await thrownBy(() => pages.next()), error)
  is(only(ended, 'Pages.laterFailing').status.code, SpanStatusCode.ERROR)
})

behaviour('@Traced: an asynchronous iterable that is no generator', async ({ ended }) => {
  const seen: number[] = []
  for await (const page of new Pages().feed(2)) seen.push(page as number)
  same([seen, names(ended)], [[1, 2], ['Pages.feed']])
})

behaviour('@Traced: arrays, strings and maps are results like any other', ({ ended }) => {
  const list = [1, 2]
  class Orders {
    @Traced()
    list() {
      return list
    }
    @Traced()
    text() {
      return 'text'
    }
    @Traced()
    map() {
      return new Map([[1, 2]])
    }
  }
  const orders = new Orders()
  is(orders.list(), list)
  is(orders.text(), 'text')
  is(orders.map().get(1), 2)
  same(names(ended), ['Orders.list', 'Orders.text', 'Orders.map'])
})

behaviour(
  '@Traced: what runs in a generator is inside its span',
  async ({ options, spans }) => {
    class Shop {
      @Flushed(options)
      async page() {
        return [...this.lines()]
      }
      @Traced('lines')
      *lines() {
        trace.getTracer('app').startSpan('line').end()
        yield 1
      }
    }
    same(await new Shop().page(), [1])
    is(only(spans, 'line').parentSpanContext?.spanId, only(spans, 'lines').spanContext().spanId)
  },
  { als: true },
)
