/** Invocations whose root span is not sampled: usually they have nothing to send. */
import { makeProvider } from '#sdk'
import { SamplingDecision, context, metrics, trace } from '@opentelemetry/api'
import { type FlushReport, stages, withTelemetry } from 'flushed'
import { otel } from 'flushed/otel'
import { inMemoryExporter } from 'flushed/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { leave } from '../../src/core/finish.ts'
import { type Begun, begin } from '../../src/core/lifecycle.ts'
import { resolveOptions } from '../../src/core/options.ts'
import type { Lifetime } from '../../src/core/platform.ts'
import { anywhere } from '../../src/core/with-telemetry.ts'
import { newIsolate } from '../support/sdk.ts'

beforeEach(newIsolate)
afterEach(() => metrics.disable())

/** Samples every span that is not named `unsampled`, whatever its parent is. */
const sampler = {
  shouldSample: (_context: unknown, _traceId: string, name: string) => ({
    decision: name === 'unsampled' ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED,
  }),
}

function setup() {
  const exporter = inMemoryExporter()
  const telemetry = otel({ exporter })
  trace.setGlobalTracerProvider(makeProvider({ sampler, spanProcessors: [telemetry.spanProcessor] }))
  const reports: FlushReport[] = []
  const options = { telemetry, onFlush: (report: FlushReport) => reports.push(report), logger: false } as const
  return { exporter, tracer: trace.getTracer('app'), reports, options }
}

test('an unsampled invocation reports `nothing_to_send`, with all its stages', async () => {
  const { reports, options, exporter } = setup()
  await withTelemetry(async () => {}, { ...options, name: 'unsampled' })()
  expect(reports).toEqual([
    {
      outcome: 'nothing_to_send',
      durationMs: 0,
      phase: 'before-response',
      stages: [
        { name: 'buffers', outcome: 'nothing_to_send', durationMs: 0 },
        { name: 'exporters', outcome: 'nothing_to_send', durationMs: 0 },
      ],
      spans: { acknowledged: 0, failed: 0, pending: 0, endedByDispose: 0, late: 0, carriedOver: 0 },
      warnings: [],
    },
  ])
  expect(exporter.exports).toEqual([])
})

test('beside a vendor that has something to send, the exporters still have nothing', async () => {
  const { reports, options } = setup()
  await withTelemetry(async () => {}, { ...options, name: 'unsampled', telemetry: stages(async () => {}, options.telemetry) })()
  expect(reports[0]?.stages.map(({ outcome }) => outcome)).toEqual(['delivered', 'nothing_to_send', 'nothing_to_send'])
})

test('a sampled span within an unsampled invocation is sent', async () => {
  const { reports, options, exporter, tracer } = setup()
  await withTelemetry(async () => tracer.startSpan('charge').end(), { ...options, name: 'unsampled' })()
  expect([exporter.spans.map(({ name }) => name), reports[0]?.outcome]).toEqual([['charge'], 'delivered'])
})

test('an unsampled invocation sends the spans that waited for the next flush', async () => {
  const { reports, options, exporter } = setup()
  trace.getTracer('app').startSpan('before').end()
  await withTelemetry(async () => {}, { ...options, name: 'unsampled' })()
  expect([exporter.spans.map(({ name }) => name), reports[0]?.spans.acknowledged]).toEqual([['before'], 1])
})

test('a span that ends after an unsampled invocation is late, and the next flush sends it', async () => {
  const { reports, options, exporter, tracer } = setup()
  const { promise: over, resolve } = Promise.withResolvers<void>()
  let late: Promise<void> | undefined
  await withTelemetry(async () => void (late = over.then(() => tracer.startSpan('late').end())), { ...options, name: 'unsampled' })()
  resolve()
  await late
  expect(exporter.exports).toEqual([])
  await withTelemetry(async () => {}, { ...options, name: 'unsampled' })()
  expect(exporter.spans.map(({ name }) => name)).toEqual(['late'])
  expect(reports.at(-1)?.spans).toMatchObject({ acknowledged: 1, late: 1 })
})

test('a span of an invocation that was left to a flush of others is late after that flush, even if it had nothing to send', async () => {
  const { reports, options, tracer } = setup()
  const unsampled = { ...options, name: 'unsampled' }
  const left = begin({ config: resolveOptions(unsampled), platform: { ...anywhere, lifetime: () => LEFT } }, '', []) as Begun
  await left.settle({ result: undefined })
  await withTelemetry(async () => {}, unsampled)()
  context.with(left.context, () => tracer.startSpan('late').end())
  await withTelemetry(async () => {}, unsampled)()
  expect(reports.at(-1)?.spans).toMatchObject({ acknowledged: 1, late: 1 })
})

const LEFT: Lifetime = { phase: 'background', hold: (_finish, invocation) => leave(invocation) }

test('an unsampled invocation still flushes everything else: a meter provider, a custom stage', async () => {
  const { options } = setup()
  const forceFlush = vi.fn(async () => {})
  metrics.setGlobalMeterProvider({ getMeter: () => undefined as never, forceFlush } as never)
  await withTelemetry(async () => {}, { ...options, name: 'unsampled' })()
  expect(forceFlush).toHaveBeenCalledOnce()
  metrics.disable()
  const vendor = vi.fn()
  await withTelemetry(async () => {}, { ...options, telemetry: stages(options.telemetry, vendor), name: 'unsampled' })()
  expect(vendor).toHaveBeenCalledOnce()
})
