/** `provider.forceFlush()`, called by the application: the spans that it sends are accounted for like all others. */
import { ROOT_CONTEXT, context } from '@opentelemetry/api'
import { withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import type { Exporter } from 'flushed/otel'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

let reports: FlushReport[] = []
const watch = { onFlush: (report: FlushReport) => void reports.push(report), logger: false as const, name: 'root' }
const spans = () => reports.map((report) => report.spans)

beforeEach(() => {
  newIsolate()
  reports = []
})

test('spans that `forceFlush()` delivers outside of any invocation count in the next report', async () => {
  const { telemetry, provider, tracer } = pipeline()
  tracer.startSpan('module scope').end()
  await provider.forceFlush()
  await withTelemetry(async () => {}, { telemetry, ...watch })()
  expect(spans()).toMatchObject([{ acknowledged: 2 }])
})

test('a flush waits for unanswered exports of an earlier `forceFlush()` outside of any invocation', async () => {
  const { exporter, telemetry, provider, tracer } = pipeline({}, 'hold')
  tracer.startSpan('module scope').end()
  const flushed = provider.forceFlush()
  const exported = exporter.nextExport()
  const run = withTelemetry(async () => {}, { telemetry, ...watch })()
  await exported
  exporter.acknowledge()
  await Promise.all([run, flushed])
  expect(exporter.exports.map((each) => each.spans.map(({ name }) => name))).toEqual([['module scope'], ['root']])
  expect(spans()).toMatchObject([{ acknowledged: 2, pending: 0 }])
})

test('spans that `forceFlush()` sends from an invocation that is over count in the next report', async () => {
  const { exporter, telemetry, provider, tracer } = pipeline()
  let late = async () => {}
  await withTelemetry(
    async () => {
      const within = context.active()
      late = () =>
        context.with(within, () => {
          tracer.startSpan('late').end()
          return provider.forceFlush()
        })
    },
    { telemetry, ...watch },
  )()
  exporter.hold()
  const flushed = late()
  await Promise.resolve()
  exporter.setMode('sync')
  const run = withTelemetry(async () => {}, { telemetry, ...watch })()
  exporter.acknowledge()
  await Promise.all([run, flushed])
  expect(spans()).toMatchObject([{ acknowledged: 1 }, { acknowledged: 2, late: 1, pending: 0 }])
})

test('`forceFlush()` does not repeat the failure of a flush that is over: the backend may be well by now', async () => {
  const { exporter, telemetry, provider, tracer } = pipeline({}, 'throw')
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  let flushed: Promise<void> | undefined
  const handler = async () => {
    void gate.then(() => {
      tracer.startSpan('late').end()
      flushed = provider.forceFlush()
    })
  }
  await withTelemetry(handler, { telemetry, ...watch })()
  exporter.setMode('microtask')
  open()
  await vi.waitFor(() => expect(flushed).toBeDefined())
  await flushed
  expect(exporter.spans.map(({ name }) => name).toSorted()).toEqual(['late', 'root'])
})

test('an export that fails during `forceFlush()` is reported by the invocation’s flush as well', async () => {
  const { exporter, telemetry, provider, tracer } = pipeline({ maxBufferSize: 1 }, 'hold')
  const run = withTelemetry(
    async () => {
      tracer.startSpan('child').end()
      void provider.forceFlush().catch(() => {})
    },
    { telemetry, ...watch },
  )()
  await new Promise(setImmediate)
  exporter.fail()
  await run
  expect(reports).toMatchObject([{ outcome: 'failed', spans: { acknowledged: 0, carriedOver: 2 } }])
})

test('two failures during one `forceFlush()` cause no unhandled rejection', async () => {
  const unhandled: unknown[] = []
  const listen = (reason: unknown) => void unhandled.push(reason)
  process.on('unhandledRejection', listen)
  onTestFinished(() => void process.off('unhandledRejection', listen))
  const { exporter, telemetry, provider, tracer } = pipeline({ maxBufferSize: 1 }, 'hold')
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const handler = withTelemetry(
    async (name: string) => {
      tracer.startSpan(name).end()
      return gate
    },
    { telemetry, ...watch },
  )
  const runs = [handler('pending'), handler('refused')]
  const [pending] = exporter.exports
  expect(pending?.state).toBe('in_flight')
  // The second has failed by then, and the first has not.
  exporter.setMode('throw')
  runs.push(handler('thrown'))
  exporter.hold()
  const flushed = context.with(ROOT_CONTEXT, () => provider.forceFlush())
  exporter.fail()
  await expect(flushed).rejects.toBeDefined()
  await new Promise(setImmediate)
  expect(unhandled).toEqual([])
  exporter.setMode('sync')
  open()
  await Promise.all(runs)
})

test('`forceFlush()` outside of any invocation waits for a flush that is under way', async () => {
  const { exporter, telemetry, provider } = pipeline({}, 'hold')
  const exported = exporter.nextExport()
  const run = withTelemetry(async () => {}, { telemetry, ...watch })()
  await exported
  let over = false
  const flushed = provider.forceFlush().then(() => (over = true))
  await new Promise(setImmediate)
  expect(over).toBe(false)
  exporter.acknowledge()
  await Promise.all([run, flushed])
  expect(spans()).toMatchObject([{ acknowledged: 1, pending: 0 }])
})

test.each([
  ['in the providers’ own flush', async () => {}, undefined],
  ['in the handler’s own `forceFlush()`', (flush: () => Promise<void>) => flush().catch(() => {}), () => {}],
] as const)('spans that fail in an invocation of another telemetry, %s, go out with the next flush', async (_how, inside, telemetry) => {
  const { exporter, provider, tracer } = pipeline({}, 'throw')
  const handler = withTelemetry(async () => {
    tracer.startSpan('work').end()
    await inside(() => provider.forceFlush())
  }, { ...watch, ...(telemetry && { telemetry }) })
  await handler()
  exporter.setMode('sync')
  await provider.forceFlush()
  expect(exporter.spans.map(({ name }) => name).toSorted()).toEqual(['root', 'work'])
})

test('`forceFlush()` in an invocation that is over waits for its flush, if that is under way', async () => {
  const { exporter, telemetry, provider } = pipeline({}, 'hold')
  const exported = exporter.nextExport()
  let within = ROOT_CONTEXT
  const run = withTelemetry(async () => void (within = context.active()), { telemetry, ...watch })()
  await exported
  const order: string[] = []
  const flushed = context.with(within, () => provider.forceFlush()).then(() => order.push('forceFlush'))
  await new Promise(setImmediate)
  order.push('acknowledged')
  exporter.acknowledge()
  await Promise.all([run, flushed])
  expect(order).toEqual(['acknowledged', 'forceFlush'])
})

test('a provider whose `forceFlush()` is part of the flush makes no second attempt', async () => {
  const given = { forceFlush: () => provider.forceFlush() }
  const sent: number[] = []
  const exporter: Exporter = {
    export: (spans: unknown[], done) => done({ code: sent.push(spans.length) > 1 ? 0 : 1 }),
    shutdown: async () => {},
  }
  const { telemetry, provider } = pipeline({ exporter, tracerProvider: given })
  for (const attempts of [[1], [1, 2]]) {
    await withTelemetry(async () => {}, { telemetry, ...watch })()
    expect(sent).toEqual(attempts)
  }
})

test('`forceFlush()` in an invocation of another telemetry does not wait for other invocations', async () => {
  const { exporter, telemetry, provider } = pipeline({}, 'hold')
  const exported = exporter.nextExport()
  const other = withTelemetry(async () => {}, { telemetry, ...watch })()
  await exported
  await withTelemetry(() => provider.forceFlush(), { telemetry: () => {}, ...watch })()
  expect(exporter.inFlight).toBe(1)
  exporter.acknowledge()
  await other
})

test('`forceFlush()` outside of any invocation sends again what a live one has failed to export', async () => {
  const { exporter, telemetry, provider, tracer } = pipeline({ maxBufferSize: 2 }, 'hold')
  let over = () => {}
  const handler = withTelemetry(async () => {
    for (const name of ['early', 'earlier', 'waiting']) tracer.startSpan(name).end()
    await new Promise<void>((resolve) => (over = resolve))
  }, { telemetry, ...watch })
  const run = handler()
  exporter.fail()
  exporter.setMode('sync')
  await provider.forceFlush()
  expect(exporter.spans.map(({ name }) => name).toSorted()).toEqual(['earlier', 'early', 'waiting'])
  over()
  await run
  expect(spans()).toMatchObject([{ acknowledged: 4, failed: 0, carriedOver: 0 }])
})
