/** Traces, metrics and logs of OpenTelemetry's SDKs, and a third-party instrumentation, on the real runtime client. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { runtime, startFunction } from '../../support/lambda.ts'

describe(`on ${runtime}`, () => {
  test.each([
    ['an `otel()`', 'signals.handler'],
    ['no options, over the global providers', 'signals.withoutOptions'],
  ])('traces, metrics and logs are acknowledged by the freeze, with %s', async (_what, handler) => {
    await using lambda = await startFunction(handler, { behavior: { delayMs: 100 } })
    let atFreeze: string[] = []
    lambda.sandbox.on('freeze', ({ requestId }) => {
      const { spans, metrics, logs } = lambda.collector
      if (requestId) atFreeze = [...spans, ...metrics].map(({ name }) => name).concat(logs.map(({ body }) => String(body)))
    })
    await lambda.invoke()
    expect(atFreeze.toSorted()).toEqual(['charge', 'flushed-test', 'ordered', 'orders'])
  })

  test('a metrics export that hangs costs at most the deadline and is named in the log; other signals arrive', { retry: 2 }, async () => {
    await using lambda = await startFunction('signals.handler')
    // The process's first invocation takes tens of milliseconds more, so it is not the one that is measured.
    await lambda.invoke()
    lambda.collector.behave({ metrics: 'hang' })
    const { result, freeze } = await lambda.invoke()
    expect(result.ok).toBe(true)
    expect(result.responseMs).toBeLessThanOrEqual(800 + 100)
    expect(freeze.spans).toHaveLength(2)
    expect(lambda.collector.logs).toHaveLength(2)
    expect(lambda.logs()).toContain('flushed: partial')
    expect(lambda.logs()).toMatch(/stage "buffers": meterProvider (timed out|failed: Operation timed out)/)
  })

  test('a request span that an instrumentation left open is ended, marked and delivered', async () => {
    const partner = createServer(() => {})
    await new Promise<void>((listening) => partner.listen(0, '127.0.0.1', listening))
    const { port } = partner.address() as AddressInfo
    await using lambda = await startFunction('signals.asks', { env: { PARTNER_URL: `http://127.0.0.1:${port}/` } })
    const { freeze } = await lambda.invoke()
    const [request, root] = freeze.spans
    expect(request).toMatchObject({ name: 'GET', kind: 'client', attributes: { 'flushed.unfinished': true } })
    expect(request?.parentSpanId).toBe(root?.spanId)
    expect(lambda.collector.requests.flatMap(({ spans }) => spans)).toHaveLength(2)
    partner.closeAllConnections()
    partner.close()
  })
})
