/** G5 Isolated, against the lifecycle: concurrent invocations do not end, export or wait for each other's spans. */
import { type Context, ROOT_CONTEXT, type Span, SpanKind, type Tracer, context, trace } from '@opentelemetry/api'
import { currentInvocation, span, withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'

beforeEach(newIsolate)

const remote: Context = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
  isRemote: true,
})

/** Runs ten invocations at once, whose handlers reach each of their steps together. */
async function tenTogether(within: Context) {
  const { exporter, telemetry, tracer } = pipeline()
  const reports: FlushReport[] = []
  let arrived = 0
  let gate = Promise.withResolvers<void>()
  const together = async () => {
    const mine = gate
    if (++arrived === 10) {
      arrived = 0
      gate = Promise.withResolvers<void>()
      mine.resolve()
    }
    await mine.promise
  }
  const handler = withTelemetry(
    async (id: number) => {
      currentInvocation()?.root.setAttribute('id', id)
      tracer.startActiveSpan('ended', { attributes: { id } }, (s) => s.end())
      await together()
      tracer.startActiveSpan('left', { attributes: { id } }, () => {})
      // Only the span context is handed on, without the invocation's context, as some instrumentations do.
      const root = trace.getSpanContext(context.active())
      if (root) tracer.startSpan('by trace', { attributes: { id } }, trace.setSpanContext(ROOT_CONTEXT, root))
      await together()
      span('helper').setAttribute('id', id)
      return id
    },
    { telemetry, name: 'root', onFlush: (r) => reports.push(r) },
  )
  const results = await Promise.all(Array.from({ length: 10 }, (_, id) => context.with(within, () => handler(id))))
  return { exporter, reports, results }
}

describe.each([
  ['of ten traces', ROOT_CONTEXT],
  ['of one trace', remote],
])('ten concurrent invocations %s', (_what, within) => {
  test('each send their own five spans in one export, and no other spans', async () => {
    const { exporter, results } = await tenTogether(within)
    expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const exports = exporter.exports.map(({ spans }) => spans.map(({ name, attributes }) => `${attributes['id']} ${name}`))
    expect(exports.toSorted()).toEqual(
      results.map((id) => ['ended', 'helper', 'by trace', 'left', 'root'].map((name) => `${id} ${name}`)),
    )
  })

  test('each report their own spans', async () => {
    const { reports } = await tenTogether(within)
    expect(reports).toHaveLength(10)
    for (const { spans } of reports) expect(spans).toMatchObject({ acknowledged: 5, endedByDispose: 3, late: 0 })
  })
})

describe('of the spans of its trace that are started elsewhere, without its context, an invocation', () => {
  /** Starts a span while an invocation runs, and tells whether the invocation has ended it. */
  async function isEnded(within: Context, start: (tracer: Tracer, root: Span) => Span): Promise<boolean> {
    const { telemetry, tracer } = pipeline()
    // The first invocation of an isolate registers the context manager.
    await withTelemetry(async () => {}, { telemetry })()
    const gate = Promise.withResolvers<void>()
    let root!: Span
    const handler = withTelemetry(() => ((root = trace.getActiveSpan() as Span), gate.promise), { telemetry })
    const run = context.with(within, handler)
    const started = start(tracer, root)
    gate.resolve()
    await run
    return !started.isRecording()
  }

  test('leaves alone what serves another request of its caller', async () => {
    expect(await isEnded(remote, (tracer) => tracer.startSpan('GET /other', { kind: SpanKind.SERVER }, remote))).toBe(false)
    expect(await isEnded(remote, (tracer) => {
      const server = tracer.startSpan('GET /other', { kind: SpanKind.SERVER }, remote)
      return tracer.startSpan('layer', {}, trace.setSpan(ROOT_CONTEXT, server))
    })).toBe(false)
  })

  test('leaves alone what the code around it does meanwhile', async () => {
    const { provider } = pipeline()
    const page = trace.setSpan(ROOT_CONTEXT, provider.getTracer('app').startSpan('page'))
    expect(await isEnded(page, (tracer) => tracer.startSpan('query', {}, page))).toBe(false)
  })

  test('ends what is below a span of its own, even if that has ended', async () => {
    expect(await isEnded(remote, (tracer, root) => tracer.startSpan('by hand', {}, trace.setSpan(ROOT_CONTEXT, root)))).toBe(true)
    expect(await isEnded(remote, (tracer, root) => {
      const step = tracer.startSpan('step', {}, trace.setSpan(ROOT_CONTEXT, root))
      step.end()
      return tracer.startSpan('by hand', {}, trace.setSpan(ROOT_CONTEXT, step))
    })).toBe(true)
  })
})

test('an invocation does not wait for another one’s export', async () => {
  const { exporter, telemetry } = pipeline({}, 'hold')
  const handler = withTelemetry(async (name: string) => name, { telemetry })
  const slow = handler('slow')
  await exporter.nextExport()
  exporter.setMode('sync')
  expect(await handler('fast')).toBe('fast')
  expect(exporter.exports.map(({ state }) => state)).toEqual(['in_flight', 'acknowledged'])
  exporter.acknowledge()
  expect(await slow).toBe('slow')
})

test('an invocation that throws does not end the spans of another that is still running', async () => {
  const { exporter, telemetry, tracer } = pipeline()
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const handler = withTelemetry(
    async (name: string) => {
      const work = tracer.startSpan(name)
      if (name === 'bad') throw new Error('bad')
      await gate
      work.setAttribute('done', true)
      work.end()
    },
    { telemetry, name: 'root' },
  )
  const good = handler('good')
  await expect(handler('bad')).rejects.toThrow('bad')
  expect(exporter.spans.map(({ name }) => name)).toEqual(['bad', 'root'])
  open()
  await good
  expect(exporter.spans[2]).toMatchObject({ name: 'good', attributes: { done: true } })
})

test('spans that belong to no invocation go out with the next flush, once', async () => {
  const { exporter, telemetry, tracer } = pipeline()
  tracer.startSpan('module scope').end()
  const handler = withTelemetry(async () => {}, { telemetry, name: 'root' })
  await handler()
  await handler()
  expect(exporter.exports.map(({ spans }) => spans.map(({ name }) => name))).toEqual([['module scope', 'root'], ['root']])
})

test('`provider.forceFlush()` inside a handler sends only the spans of that invocation', async () => {
  const { exporter, provider, telemetry, tracer } = pipeline()
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const handler = withTelemetry(
    async (name: string) => {
      tracer.startSpan(name).end()
      if (name === 'waiting') return gate
      await provider.forceFlush()
      expect(exporter.spans.map((each) => each.name)).toEqual(['flushing'])
    },
    { telemetry, name: 'root' },
  )
  const waiting = handler('waiting')
  await handler('flushing')
  open()
  await waiting
})
