/** G3 Bounded, after the response: how long the sandbox is held. on the real runtime clients. */
import { describe, expect, test } from 'vitest'
import { count, expectSerial, median, warnings } from '../../support/extension.ts'
import { runtimes } from '../../support/lambda.ts'

const TIMEOUT_MS = 400

// Real milliseconds: a machine that is busy with something else may hold up any one of them.
describe.each(runtimes)('on $title, registered', { retry: 2 }, ({ startFunction }) => {
  test('a collector that hangs costs the response nothing, and the sandbox `timeoutMs` + 50 ms', async () => {
    await using lambda = await startFunction('registered.handler', { env: { TIMEOUT_MS: String(TIMEOUT_MS) } })
    await lambda.invoke({ id: 0 })
    lambda.collector.behave('hang')
    const heldMs = []
    for (let id = 1; id < 6; id++) {
      const { result, freeze } = await lambda.invoke({ id })
      const { afterMs } = await result.frozen
      expect(result.payload).toEqual({ id })
      expect(result.responseMs).toBeLessThan(TIMEOUT_MS / 2)
      expect(afterMs).toBeGreaterThanOrEqual(TIMEOUT_MS - 5)
      heldMs.push(afterMs - result.responseMs)
      expect(freeze.spans).toEqual([])
    }
    expect(median(heldMs)).toBeLessThanOrEqual(TIMEOUT_MS + 50)
    expect(Math.max(...heldMs)).toBeLessThan(2 * TIMEOUT_MS)
    lambda.collector.behave('ok')
    const { freeze } = await lambda.invoke({ id: 6 })
    expect(new Set(freeze.spans.map(({ spanId }) => spanId)).size).toBe(12)
  })

  test('a flush never outlasts the function’s timeout', async () => {
    const setup = { behavior: 'hang', env: { TIMEOUT_MS: '5000' }, timeoutMs: 1000 } as const
    await using lambda = await startFunction('registered.handler', setup)
    for (let id = 0; id < 2; id++) {
      const { result } = await lambda.invoke({ id })
      expect(result).toMatchObject({ payload: { id }, timedOut: false })
      expect((await result.frozen).outcome).toBe('frozen')
    }
  })
})

describe.each(runtimes)('on $title, registered, a handler that the wrap knows nothing of', ({ startFunction }) => {
  const TIMEOUT = { timeoutMs: 800 }

  test.for([
    ['outside the wrap', { id: 1 }, true],
    ['that throws before the wrap runs', { fails: true }, false],
  ] as const)('%s: the sandbox is held once until its deadline, with a warning, and hardly from then on', async ([, event, ok]) => {
    await using lambda = await startFunction('registered.outside', TIMEOUT)
    const first = await lambda.invoke(event)
    expect(first.result).toMatchObject({ ok, timedOut: false })
    expect(await first.result.frozen).toMatchObject({ outcome: 'frozen' })
    expect((await first.result.frozen).afterMs).toBeLessThan(TIMEOUT.timeoutMs)
    for (let id = 2; id < 5; id++) {
      const { result } = await lambda.invoke(event)
      expect(result.ok).toBe(ok)
      expect((await result.frozen).afterMs).toBeLessThan(TIMEOUT.timeoutMs / 2)
    }
    expect(warnings(lambda)).toHaveLength(1)
    expect(warnings(lambda)[0]).toContain('did not pass through a wrapped handler')
  })

  test('one that is let go, and does come to a wrapped handler, is flushed before its response', async () => {
    await using lambda = await startFunction('registered.outside', TIMEOUT)
    await lambda.invoke({})
    const slow = await lambda.invoke({ id: 2, wrapped: true, waitMs: 250 })
    expect(slow.result.payload).toEqual({ id: 2 })
    expect(slow.freeze.spans).toHaveLength(2)
    const quick = await lambda.invoke({ id: 3, wrapped: true })
    expect(quick.freeze.spans).toHaveLength(2)
    expect(lambda.logs().match(/"phase":"[^"]*"/g)).toEqual(['"phase":"before-response"', '"phase":"after-response"'])
  })

  test('of an isolate in which nothing is wrapped: the sandbox is never held', async () => {
    await using lambda = await startFunction('bare.handler', { env: { NODE_OPTIONS: '--import flushed/lambda/register' } })
    for (let id = 0; id < 3; id++) {
      const { result } = await lambda.invoke({ id })
      expect((await result.frozen).afterMs).toBeLessThan(1000)
    }
    expect(count(lambda, 'extension.next')).toBe(4)
    expect(warnings(lambda)).toEqual([])
  })
})

describe.each(runtimes)('on $title, registered, a handler that does not settle', { retry: 2 }, ({ startFunction }) => {
  test('exits: the process is gone, and the next invocation has a new one, with an extension', async () => {
    await using lambda = await startFunction('registered.exits')
    const result = await lambda.sandbox.invoke({})
    expect(result).toMatchObject({ ok: false, timedOut: false })
    expect(await result.frozen).toMatchObject({ outcome: 'exited' })
    await (await lambda.sandbox.invoke({})).frozen
    expect(count(lambda, 'extension.register')).toBe(2)
  })

  test('hangs: the extension has let go by the timeout', async () => {
    // Long enough for the early end, a tenth of it before, to be over by then though it is the process's first.
    await using lambda = await startFunction('registered.hangs', { timeoutMs: 2000 })
    const result = await lambda.sandbox.invoke({})
    expect(result.timedOut).toBe(true)
    await result.frozen
    const kinds = lambda.sandbox.record.map(({ kind }) => kind)
    expect(kinds.lastIndexOf('extension.next')).toBeLessThan(kinds.indexOf('timeout'))
    expect(kinds.indexOf('thaw')).toBeLessThan(kinds.lastIndexOf('extension.next'))
  })
})

describe.each(runtimes)('on $title, registered, and `before-response`', ({ startFunction }) => {
  test('the response waits, the extension does not', async () => {
    await using lambda = await startFunction('registered.beforeResponse', { behavior: { delayMs: 200 } })
    for (let id = 0; id < 3; id++) {
      const { result, freeze } = await lambda.invoke({ id })
      expect(result.responseMs).toBeGreaterThanOrEqual(195)
      expect(freeze.spans).toHaveLength(2)
    }
    const kinds = lambda.sandbox.record.map(({ kind }) => kind).filter((kind) => /next|response/.test(kind))
    expect(kinds.slice(2, 5)).toEqual(['extension.next', 'runtime.response', 'runtime.next'])
    expect(warnings(lambda)).toEqual([])
    expect(() => expectSerial(lambda)).toThrow()
  })
})
