/** All signals of OpenTelemetry's SDKs, and somebody else's instrumentation, on the real runtime client. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { runtime, startFunction } from '../../support/lambda.ts'

describe(`on ${runtime}`, () => {
  test.each([
    ['an `otel()`', 'signals.handler'],
    ['no options, over the global providers', 'signals.withoutOptions'],
  ])('traces, metrics and logs are acknowledged at the freeze, with %s', async (_what, handler) => {
    await using lambda = await startFunction(handler, { behavior: { delayMs: 100 } })
    let atFreeze: string[] = []
    lambda.sandbox.on('freeze', ({ requestId }) => {
      const { spans, metrics, logs } = lambda.collector
      if (requestId) atFreeze = [...spans, ...metrics].map(({ name }) => name).concat(logs.map(({ body }) => String(body)))
    })
    await lambda.invoke()
    expect(atFreeze.toSorted()).toEqual(['charge', 'flushed-test', 'ordered', 'orders'])
  })

  test('metrics that hang cost no more than the deadline, are named, and keep nothing else from arriving', { retry: 2 }, async () => {
    await using lambda = await startFunction('signals.handler')
    // Not the process's first, which takes tens of milliseconds more.
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

  test('a request that an instrumentation has left open is ended, marked and delivered', async () => {
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
