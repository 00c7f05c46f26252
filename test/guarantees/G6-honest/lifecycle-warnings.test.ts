/** G6 Honest, against the lifecycle: a wrap that cannot do all of its work warns of that, and one that can warns of nothing. */
import { type ReadableSpan, makeBatchProcessor, makeProvider, neverSampled } from '#sdk'
import { ROOT_CONTEXT, context, createContextKey, trace } from '@opentelemetry/api'
import { withTelemetry } from 'flushed'
import { withTelemetry as withEdgeTelemetry } from 'flushed/edge'
import { otel } from 'flushed/otel'
import { inMemoryExporter } from 'flushed/testing'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ensureContextManager } from '../../../src/core/context-manager.ts'
import { Context, request } from '../../platforms/edge/contexts.ts'
import { pipeline } from '../../support/sdk.ts'
import { begin, reports, warn, watch } from './watched.ts'

beforeEach(begin)

describe('a wrap that cannot do its work', () => {
  test('warns once that no tracer provider records spans', async () => {
    const { telemetry } = pipeline()
    trace.disable()
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    await handler()
    await handler()
    expect(warn.mock.calls).toEqual([[expect.stringContaining('no OpenTelemetry tracer provider records spans')]])
  })

  test('does not warn about invocations whose tracing is suppressed', async () => {
    const { telemetry } = pipeline()
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    // The first invocation registers the context manager.
    await handler()
    await context.with(ROOT_CONTEXT.setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true), handler)
    expect(warn).not.toHaveBeenCalled()
  })

  test('warns in each report, and once in the log, that no spans reach `otel()`', async () => {
    const { telemetry } = pipeline()
    trace.disable()
    trace.setGlobalTracerProvider(makeProvider({}))
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    await handler()
    await handler()
    const warning = expect.stringContaining('no spans reach `otel()` as they start: is its `spanProcessor`')
    expect(warn.mock.calls).toEqual([[warning]])
    expect(reports.map(({ warnings }) => warnings)).toEqual([[warning], [warning]])
  })

  test('warns that no spans reach `otel()` if they reach another one, as when a module has run twice', async () => {
    const { exporter, telemetry } = pipeline()
    // The provider of the first run stays registered.
    await withTelemetry(async () => {}, { telemetry: otel({ exporter: inMemoryExporter() }), ...watch })()
    expect(warn.mock.calls).toEqual([[expect.stringContaining('no spans reach `otel()` as they start')]])
    expect(reports.map(({ outcome }) => outcome)).toEqual(['nothing_to_send'])
    await withTelemetry(async () => {}, { telemetry: [telemetry, async () => {}], ...watch })()
    expect(warn).toHaveBeenCalledOnce()
    expect(exporter.spans).toHaveLength(2)
  })

  test('does not warn that no spans reach `otel()` if it flushes the global providers, or only tracks exporters', async () => {
    trace.disable()
    trace.setGlobalTracerProvider(makeProvider({}))
    await withTelemetry(async () => {}, watch)()
    await withTelemetry(async () => {}, { telemetry: otel(), ...watch })()
    expect(warn).not.toHaveBeenCalled()
  })

  test('warns once that it flushes only an exporter, which does not have what a batch processor still holds', async () => {
    const exporter = inMemoryExporter<ReadableSpan>()
    trace.disable()
    const provider = makeProvider({ spanProcessors: [makeBatchProcessor(exporter)] })
    trace.setGlobalTracerProvider(provider)
    const [wrapped] = [1, 2].map(() => withTelemetry(async () => {}, { telemetry: exporter, ...watch }))
    await wrapped?.()
    expect([reports[0]?.outcome, exporter.spans]).toEqual(['delivered', []])
    expect(warn.mock.calls).toEqual([[expect.stringContaining('`telemetry` is an exporter')]])
    withTelemetry(async () => {}, { telemetry: [provider, exporter], ...watch })
    expect(warn).toHaveBeenCalledOnce()
  })

  test('does not warn that no spans are recorded if the environment has turned the SDK off', async () => {
    vi.stubEnv('OTEL_SDK_DISABLED', 'True')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { telemetry } = pipeline()
    trace.disable()
    await withTelemetry(async () => {}, { telemetry, ...watch })()
    expect(warn).not.toHaveBeenCalled()
  })

  test('does not warn that no spans are recorded if the trace is sampled out, or for another SDK', async () => {
    const { telemetry } = pipeline()
    trace.disable()
    trace.setGlobalTracerProvider(makeProvider({ sampler: neverSampled() }))
    await withTelemetry(async () => {}, { telemetry, ...watch })()
    trace.disable()
    await withTelemetry(async () => {}, { telemetry: async () => {}, ...watch })()
    expect(warn).not.toHaveBeenCalled()
  })

  test('warns that no spans are recorded once the provider is gone, though that had sampled a span out before', async () => {
    const { telemetry } = pipeline()
    trace.disable()
    trace.setGlobalTracerProvider(makeProvider({ sampler: neverSampled() }))
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    await handler()
    trace.disable()
    await handler()
    await handler()
    expect(warn.mock.calls).toEqual([[expect.stringContaining('no OpenTelemetry tracer provider records spans')]])
  })

  test('warns in each report, and once in the log, that it is not outermost if a span outside of it is open', async () => {
    const { telemetry, tracer } = pipeline()
    const handler = withTelemetry(async () => {}, { telemetry, ...watch })
    await handler()
    await tracer.startActiveSpan('outer', async (outer) => {
      await handler()
      await handler()
      outer.end()
    })
    const warning = expect.stringContaining('not the outermost wrapper')
    expect(reports.map(({ warnings }) => warnings)).toEqual([[], [warning], [warning]])
    expect(warn.mock.calls).toEqual([[warning]])
  })

  test('warns of an open outer span in an invocation’s last report, if background work is flushed after the response', async () => {
    const { telemetry, tracer } = pipeline()
    // As in an application that opens spans around a wrap.
    ensureContextManager()
    const platform = new Context()
    const { promise: reported, resolve } = Promise.withResolvers<void>()
    const handler = withEdgeTelemetry(async (_request: Request, { waitUntil }: Pick<Context, 'waitUntil'>) => {
      waitUntil(reported.then(() => tracer.startSpan('audit').end()))
      return new Response()
    }, { telemetry, ...watch, onFlush: (report) => resolve(watch.onFlush(report)) })
    await tracer.startActiveSpan('outer', async (outer) => {
      await handler(request(), platform)
      await Promise.all(platform.held)
      outer.end()
    })
    const warning = expect.stringContaining('not the outermost wrapper')
    expect(reports.map(({ phase, warnings }) => [phase, warnings])).toEqual([['after-response', []], ['background', [warning]]])
  })

  test('does not warn about an open outer span of another trace than the caller’s, which the root is a part of', async () => {
    const { telemetry, tracer } = pipeline()
    // As in an application that opens spans around a wrap.
    ensureContextManager()
    const platform = new Context()
    const handler = withEdgeTelemetry(async (_request: Request, _platform: Context) => new Response(), { telemetry, ...watch })
    const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
    await tracer.startActiveSpan('poll', async (outer) => {
      await handler(new Request(request(), { headers }), platform)
      await Promise.all(platform.held)
      outer.end()
    })
    expect(reports).toMatchObject([{ outcome: 'delivered', warnings: [] }])
  })

  test('does not warn about an open outer span if there is nothing to flush, as with Deno’s own provider', async () => {
    const { tracer } = pipeline()
    const handler = withTelemetry(async () => {}, { telemetry: () => 'nothing_to_send', ...watch })
    await handler()
    await tracer.startActiveSpan('outer', async (outer) => {
      await handler()
      outer.end()
    })
    expect(reports.map(({ warnings }) => warnings)).toEqual([[], []])
    expect(warn).not.toHaveBeenCalled()
  })

  test('warns once that it cannot flush after the response if it was asked to', async () => {
    const { telemetry } = pipeline()
    const handler = withTelemetry(async () => {}, { telemetry, flush: 'after-response', ...watch })
    await handler()
    await handler()
    expect(warn.mock.calls).toEqual([[expect.stringContaining('generic cannot flush after the response here')]])
  })
})
