/** Background work after the response, on the real runtime clients: it may take the time that the platform leaves. */
import { describe, expect, test } from 'vitest'
import { rootOf, runtimes } from '../../support/lambda.ts'

describe.each(runtimes)('on $title', ({ startFunction }) => {
  test('background work that takes longer than `timeoutMs` is waited for, and does not extend the root span', async () => {
    await using lambda = await startFunction('registered.background', { env: { TIMEOUT_MS: '500', AUDIT_MS: '800' } })
    const { freeze } = await lambda.invoke({ id: 1 })
    const audit = freeze.spans.find(({ name }) => name === 'audit')
    expect(audit?.attributes).toEqual({ audited: true })
    const root = rootOf(freeze.spans)
    expect(root?.endTimeUnixNano).toBeLessThan(audit?.endTimeUnixNano ?? 0n)
    expect(lambda.logs()).not.toContain('not over in time')
  })

  test('background work that never ends is abandoned in time for the flush, and the invocation succeeds', async () => {
    const env = { REGISTER: 'register' }
    await using lambda = await startFunction('never.works', { timeoutMs: 3000, env })
    const { result, freeze } = await lambda.invoke()
    expect(result).toMatchObject({ ok: true, payload: { answered: true }, timedOut: false })
    expect((await result.frozen).afterMs).toBeLessThan(3000)
    expect(freeze.spans.map(({ name }) => name)).toEqual(['row', 'query', 'flushed-test'])
    expect(freeze.spans.map(({ attributes }) => attributes['flushed.unfinished'])).toEqual([true, true, undefined])
    expect(rootOf(freeze.spans)?.status.code).not.toBe('error')
    expect(lambda.logs()).toContain('background work was not over in time')
  })

  test('background work that SIGTERM ends does not make the root span an error', async () => {
    const env = { REGISTER: 'register', TIMEOUT_MS: '5000' }
    await using lambda = await startFunction('never.works', { timeoutMs: 30_000, env })
    await lambda.sandbox.invoke({})
    await lambda.sandbox.shutdown()
    await lambda.collector.waitFor(({ spans }) => spans.length === 3)
    expect(rootOf(lambda.collector.spans)?.status.code).not.toBe('error')
  })
})
