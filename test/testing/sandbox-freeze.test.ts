import { startCollector, startLambda } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { fixture, runtimes } from './runtimes.ts'

const onLinux = process.platform === 'linux'

describe.each(runtimes)('the freeze on $title', ({ runtime }) => {
  test('stops the process until the next invocation', async () => {
    await using lambda = await startLambda({ handler: fixture('handlers', 'count'), runtime })
    const before = (await lambda.invoke({})).payload as { ticks: number }
    const frozen = await lambda.frozen(lambda.record.at(-1)?.requestId ?? '')
    expect(frozen.processState).toBe(onLinux ? 'T' : 'unknown')
    // Frozen time has to pass for this to mean something: a running counter would reach hundreds.
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(lambda.processState()).toBe(onLinux ? 'T' : 'unknown')
    const after = (await lambda.invoke({})).payload as { ticks: number }
    expect(after.ticks - before.ticks).toBeLessThan(100)
  })

  test('holds a floating request back in the process until the thaw', async () => {
    await using collector = await startCollector()
    await using lambda = await startLambda({ handler: fixture('handlers', 'float_request'), runtime })
    let atFreeze: number | undefined
    const stop = lambda.on('freeze', () => (atFreeze = collector.received.length))
    const result = await lambda.invoke({ url: `${collector.url}/v1/traces` })
    await result.frozen
    expect(atFreeze).toBe(0)
    stop()
    const arrived = collector.waitFor(({ spans }) => spans.length === 1, { timeoutMs: 400 })
    await expect(arrived).rejects.toThrow('No request arrived')
    await (await lambda.invoke({ url: `${collector.url}/v1/traces` })).frozen
  })

  test('comes with the last `next`, after the caller has the answer', async () => {
    await using lambda = await startLambda({ handler: fixture('extension', 'handler'), runtime })
    const events: string[] = []
    lambda.on('freeze', ({ requestId }) => events.push(`freeze ${requestId}`))
    lambda.on('thaw', ({ requestId }) => events.push(`thaw ${requestId}`))
    const result = await lambda.invoke({ holdMs: 200 }, { requestId: 'r-1' })
    events.push('answer')
    const frozen = await result.frozen
    expect(events).toEqual(['thaw r-1', 'answer', 'freeze r-1'])
    expect(frozen.afterMs - result.responseMs).toBeGreaterThan(150)
    expect(result).not.toHaveProperty('frozenAfterMs')
  })

  test('is waited for by the caller with `earlyReturn: false`', async () => {
    await using lambda = await startLambda({ handler: fixture('extension', 'handler'), runtime, earlyReturn: false })
    const result = await lambda.invoke({ holdMs: 200 })
    expect(result.ok).toBe(true)
    expect(lambda.record.at(-1)?.kind).toBe('freeze')
    expect((result.frozenAfterMs ?? 0) - result.responseMs).toBeGreaterThan(150)
  })

  test('1,000 invocations, each with a freeze, take less than ten seconds', async () => {
    await using lambda = await startLambda({ handler: fixture('handlers', 'warm'), runtime })
    const started = performance.now()
    for (let n = 1; n < 1000; n += 1) await lambda.invoke(n)
    await (await lambda.invoke(1000)).frozen
    const took = performance.now() - started
    expect(lambda.record.filter(({ kind, requestId }) => kind === 'freeze' && requestId !== undefined)).toHaveLength(1000)
    expect(took).toBeLessThan(10_000)
  })
})
