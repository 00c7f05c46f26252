/** What still comes, and what is still recorded, while a long-running process drains. On a fake clock, with an in-memory exporter. */
import { type Context, context } from '@opentelemetry/api'
import { currentInvocation } from 'flushed'
import { expect, test } from 'vitest'
import { drainAll } from '../../src/server/watch.ts'
import { DRAIN_MS, setup } from './clockwork.ts'

type Setup = ReturnType<typeof setup>

/** Answers each export after some time, as a collector does. */
function answering({ exporter, clock }: Setup, ms: number): void {
  exporter.hold()
  let answered = 0
  const look = () => {
    for (; answered < exporter.exports.length; answered++) clock.setTimeout(() => exporter.acknowledge(1), ms)
    clock.setTimeout(look, 1)
  }
  look()
}

/** Records a span of a request that is over, at once and then again and again. */
function goesOn(made: Setup, within: Context, everyMs: number): void {
  context.with(within, () => made.tracer.startSpan('late').end())
  made.clock.setTimeout(() => goesOn(made, within, everyMs), everyMs)
}

const twice = ({ exporter }: Setup): number => exporter.spans.length - new Set(exporter.spans.map((span) => span.spanContext().spanId)).size

test.each([[20, 30], [200, 250], [20, 400]])('late spans every %i ms do not keep a drain going, if the collector answers within %i ms', async (everyMs, ms) => {
  const made = setup()
  const { clock, open, reports } = made
  answering(made, ms)
  const begun = open()
  void begun.settle({ result: undefined })
  goesOn(made, begun.context, everyMs)
  await clock.advance(3000)
  reports.length = 0
  let over = false
  void drainAll(new Error('end')).then(() => (over = true))
  await clock.advance(4 * ms)
  expect([over, twice(made)]).toEqual([true, 0])
  expect(reports.map(({ phase, outcome }) => `${phase} ${outcome}`).slice(-2)).toEqual(['shutdown delivered', 'background delivered'])
})

test('a flush that has just begun is not cut for the last one, so that nothing is sent twice', async () => {
  const made = setup()
  const { clock, open, sizes, warnings } = made
  answering(made, 30)
  open()
  const other = open()
  const drained = drainAll(new Error('end'))
  await clock.advance(DRAIN_MS - 2000 - 10)
  void other.settle({ result: undefined })
  await clock.advance(100)
  expect(await drained).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 1 } }])
  expect([sizes(), warnings]).toEqual([[1, 1], []])
})

test('a flush that has just begun leaves the last one half of the time', async () => {
  const { clock, exporter, open, reports } = setup()
  exporter.hold()
  const [slow, other] = [open(), open()]
  expect(slow.live()).toBe(true)
  const drained = drainAll(new Error('end'))
  await clock.advance(DRAIN_MS - 2000 - 10)
  void other.settle({ result: undefined })
  await clock.advance(1000)
  expect(reports).toMatchObject([{ phase: 'background', outcome: 'timed_out' }])
  exporter.setMode('microtask')
  exporter.acknowledge()
  expect(await drained).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 2 } }])
})

test('a request that settles when its signal is aborted is counted once, and goes with the last flush', async () => {
  const { clock, open, tracer, reports, sizes } = setup()
  const begun = open()
  context.with(begun.context, () => {
    tracer.startSpan('charge')
    currentInvocation()?.signal.addEventListener('abort', () => void begun.settle({ result: undefined }))
  })
  const drained = drainAll(new Error('the end'))
  await clock.advance(DRAIN_MS)
  await drained
  expect(sizes()).toEqual([2])
  expect(reports).toMatchObject([{ phase: 'shutdown', spans: { endedByDispose: 1 } }])
})

test('what a request records after its answer, during the last flush, goes in one more', async () => {
  const made = setup()
  const { clock, exporter, open, tracer } = made
  answering(made, 30)
  const begun = open()
  void begun.settle({ result: undefined })
  const drained = drainAll(new Error('end'))
  await clock.advance(10)
  context.with(begun.context, () => tracer.startSpan('late').end())
  await clock.advance(60)
  await drained
  expect(exporter.spans.map(({ name }) => name)).toEqual(['request', 'late'])
})

test('requests that come to one wrap while another’s are waited for are delivered', async () => {
  const made = setup()
  const { clock, open, requests, wrapped, exporter } = made
  answering(made, 30)
  requests(1)
  const slow = wrapped().open()
  let over = false
  const drained = drainAll(new Error('end')).finally(() => (over = true))
  await clock.advance(1000)
  void slow.settle({ result: undefined })
  const late = open()
  await clock.advance(1000)
  expect(over).toBe(false)
  void late.settle({ result: undefined })
  await clock.advance(100)
  expect(await drained).toHaveLength(2)
  expect([exporter.spans.length, twice(made)]).toEqual([3, 0])
})

test('a wrap that has its first request meanwhile is drained as well', async () => {
  const { clock, open, wrapped, exporter } = setup()
  const slow = open()
  const drained = drainAll(new Error('end'))
  await clock.advance(1000)
  const first = wrapped().open()
  void slow.settle({ result: undefined })
  await clock.advance(1000)
  void first.settle({ result: undefined })
  expect(await drained).toHaveLength(2)
  expect(exporter.spans).toHaveLength(2)
})

test('a request that is open too long is waited for once, by however many drains', async () => {
  const { clock, open } = setup()
  open()
  const drained = drainAll(new Error('signal'))
  await clock.advance(DRAIN_MS)
  await drained
  let over = false
  void drainAll(new Error('close')).then(() => (over = true))
  await clock.advance(0)
  expect(over).toBe(true)
})

test('requests that never stop coming do not keep a drain going beyond the time to wait and two flushes, none of which is cut', async () => {
  const made = setup()
  const { clock, open, reports } = made
  answering(made, 30)
  const comes = () => {
    const begun = open()
    clock.setTimeout(() => void begun.settle({ result: undefined }), 15)
    clock.setTimeout(comes, 10)
  }
  comes()
  let over = false
  void drainAll(new Error('end')).then(() => (over = true))
  await clock.advance(DRAIN_MS - 2000 - 1)
  expect(over).toBe(false)
  await clock.advance(100)
  expect([over, new Set(reports.map(({ outcome }) => outcome))]).toEqual([true, new Set(['delivered'])])
})

test('all of it has one `drainMs`, however often there is more to wait for', async () => {
  const { clock, open, wrapped } = setup()
  const [slow, another] = [open(), wrapped()]
  another.requests(1)
  let over = false
  void drainAll(new Error('end')).then(() => (over = true))
  await clock.advance(5000)
  another.open()
  void slow.settle({ result: undefined })
  await clock.advance(3000)
  expect(over).toBe(true)
})
