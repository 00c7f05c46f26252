/** `span`: spans of the current invocation, with `using` and without, and what thousands of them cost. */
import { trace } from '@opentelemetry/api'
import { span, withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { makeProvider } from '#sdk'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { names, newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

describe('`using` a span', () => {
  test('ends it once, at scope exit, and leaves nothing for the invocation to end', async () => {
    const { exporter, telemetry } = pipeline()
    let report: FlushReport | undefined
    const handler = withTelemetry(
      async () => {
        {
          using charge = span('charge', { attributes: { amount: 3 } })
          charge.addEvent('charged')
        }
        using early = span('early')
        early.end()
      },
      { telemetry, name: 'root', onFlush: (r) => (report = r) },
    )
    await handler()
    expect(names(exporter.spans)).toEqual(['charge', 'early', 'root'])
    expect(report?.spans.endedByDispose).toBe(0)
  })

  test('makes it a child of the active span', async () => {
    const { exporter, telemetry, tracer } = pipeline()
    await withTelemetry(async () => tracer.startActiveSpan('parent', () => void span('child')), { telemetry })()
    const [child, parent] = exporter.spans
    expect(child?.parentSpanContext?.spanId).toBe(parent?.spanContext().spanId)
  })

  test('works without a span processor of ours, and a forgotten span is still ended', async () => {
    const ended = vi.fn()
    pipeline()
    await withTelemetry(
      async () => {
        const forgotten = span('forgotten')
        vi.spyOn(forgotten, 'end').mockImplementation(ended)
      },
      { telemetry: async () => {} },
    )()
    expect(ended).toHaveBeenCalledOnce()
  })
})

describe('many spans, one after the other', () => {
  // It took a minute when each span was looked up among all spans before it.
  test.each(['not sampled', 'without a span processor of ours'])('%s: 40,000 of them take less than ten seconds', async (which) => {
    const sampler = { shouldSample: () => ({ decision: which === 'not sampled' ? 0 : 2 }) }
    trace.setGlobalTracerProvider(makeProvider({ sampler, spanProcessors: [] }))
    const startedAt = performance.now()
    await withTelemetry(
      async () => {
        for (let i = 0; i < 40_000; i++) span('step').end()
      },
      { telemetry: async () => {} },
    )()
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })
})
