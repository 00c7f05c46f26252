/** G3 Bounded, with the flush after the response, on the real runtime clients: how long the sandbox is held. */
import { describe, expect, test } from 'vitest'
import { count, expectSerial, median, warnings } from '../../support/extension.ts'
import { runtimes } from '../../support/lambda.ts'

const TIMEOUT_MS = 400

// These tests measure real milliseconds, and a busy machine may delay any of them.
describe.each(runtimes)('on $title, registered', { retry: 2 }, ({ startFunction }) => {
  test('a hung collector does not delay the response, and holds the sandbox for at most `timeoutMs` + 50 ms', async () => {
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

describe.each(runtimes)('on $title, registered, a handler that bypasses the wrap', ({ startFunction }) => {
  const TIMEOUT = { timeoutMs: 800 }

  test.for([
    ['and answers by itself', { id: 1 }, true],
    ['and throws before the wrap runs', { fails: true }, false],
  ] as const)('%s: the sandbox is held until its deadline once, with one warning, and hardly afterwards', async ([, event, ok]) => {
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

  test('but reaches it after the sandbox was let go: the invocation is flushed before its response', async () => {
    await using lambda = await startFunction('registered.outside', TIMEOUT)
    await lambda.invoke({})
    const slow = await lambda.invoke({ id: 2, wrapped: true, waitMs: 250 })
    expect(slow.result.payload).toEqual({ id: 2 })
    expect(slow.freeze.spans).toHaveLength(2)
    const quick = await lambda.invoke({ id: 3, wrapped: true })
    expect(quick.freeze.spans).toHaveLength(2)
    expect(lambda.logs().match(/"phase":"[^"]*"/g)).toEqual(['"phase":"before-response"', '"phase":"after-response"'])
  })

  test('in an isolate where nothing is wrapped: the sandbox is never held, and nothing is warned of', async () => {
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
  test('but exits: the next invocation gets a new process, which registers its own extension', async () => {
    await using lambda = await startFunction('registered.exits')
    const result = await lambda.sandbox.invoke({})
    expect(result).toMatchObject({ ok: false, timedOut: false })
    expect(await result.frozen).toMatchObject({ outcome: 'exited' })
    await (await lambda.sandbox.invoke({})).frozen
    expect(count(lambda, 'extension.register')).toBe(2)
  })

  test('but hangs: the extension lets go before the timeout', async () => {
    // Long enough for the early timeout, which comes when a tenth of it is left, to be over before it, even though the
    // invocation is the process's first.
    await using lambda = await startFunction('registered.hangs', { timeoutMs: 2000 })
    const result = await lambda.sandbox.invoke({})
    expect(result.timedOut).toBe(true)
    await result.frozen
    const kinds = lambda.sandbox.record.map(({ kind }) => kind)
    expect(kinds.lastIndexOf('extension.next')).toBeLessThan(kinds.indexOf('timeout'))
    expect(kinds.indexOf('thaw')).toBeLessThan(kinds.lastIndexOf('extension.next'))
  })
})

describe.each(runtimes)('on $title, registered, with `before-response`', ({ startFunction }) => {
  test('the response waits for the flush, the extension does not', async () => {
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
