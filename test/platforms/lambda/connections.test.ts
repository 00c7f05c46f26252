/** Connections to the collector that are lost between invocations, while the sandbox is frozen, on the real runtime clients. */
import { describe, expect, test } from 'vitest'
import { runtimes } from '../../support/lambda.ts'
import { type Loss, startProxy } from '../../support/proxy.ts'

const NAMES = ['child', 'flushed-test']

describe.each(runtimes)('on $title', ({ startFunction }) => {
  /** Starts a function that opens its connection to the collector during init. */
  async function start(handler: string, env: Record<string, string> = {}) {
    const proxy = await startProxy()
    const lambda = await startFunction(`connections.${handler}`, {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: proxy.url, ...env },
      onCollector: ({ url }) => proxy.forward(url),
    })
    lambda.sandbox.on('exit', () => void proxy[Symbol.asyncDispose]())
    return { ...lambda, proxy }
  }

  test.each<Loss>(['closed', 'reset'])('a connection that was %s during a freeze is replaced without delay, and no span is lost', async (how) => {
    await using lambda = await start('stock')
    for (let id = 0; id < 3; id++) {
      lambda.proxy.lose(how)
      await new Promise((frozen) => setTimeout(frozen, 150)) // real time has to pass here
      const { result, freeze } = await lambda.invoke({ id })
      expect(freeze.spans.map(({ name }) => name)).toEqual(NAMES)
      expect(result.responseMs).toBeLessThan(500)
    }
    expect(lambda.proxy.connections).toBe(4)
    expect(lambda.logs()).not.toContain('flushed: ')
  })

  test('a connection that is reset on use is replaced within the same flush if the exporter reports the error', async () => {
    await using lambda = await start('impatient')
    for (let id = 0; id < 3; id++) {
      lambda.proxy.lose('reset when used')
      const { result, freeze } = await lambda.invoke({ id })
      expect(freeze.spans.map(({ name }) => name)).toEqual(NAMES)
      expect(result.responseMs).toBeLessThan(500)
    }
    expect(lambda.logs()).not.toContain('flushed: ')
  })

  test('OpenTelemetry’s exporter retries on a new connection after about a second, if the flush has that long', async () => {
    await using lambda = await start('stock')
    lambda.proxy.lose('reset when used')
    const { result, freeze } = await lambda.invoke()
    expect(freeze.spans.map(({ name }) => name)).toEqual(NAMES)
    expect(result.responseMs).toBeGreaterThan(700)
    expect(lambda.logs()).not.toContain('flushed: ')
  })

  test('a flush too short for the retry warns of unacknowledged spans, and the next one delivers them', async () => {
    await using lambda = await start('stock', { TIMEOUT_MS: '300' })
    lambda.proxy.lose('reset when used')
    const { freeze } = await lambda.invoke({ id: 1 })
    expect(freeze.spans).toEqual([])
    expect(lambda.logs()).toContain('2 spans not acknowledged in time')
    const next = await lambda.invoke({ id: 2 })
    expect(new Set(next.freeze.spans.map(({ spanId }) => spanId)).size).toBe(4)
  })

  test('an export that keeps being reset is tried twice in one flush, no more', async () => {
    await using lambda = await start('impatient')
    lambda.collector.behave('reset')
    const { result } = await lambda.invoke()
    expect(result.ok).toBe(true)
    expect(lambda.proxy.connections).toBe(2)
    expect(lambda.logs()).toContain('2 spans kept for the next flush')
  })
})
