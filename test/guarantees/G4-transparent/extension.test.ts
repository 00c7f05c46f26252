/** G4 Transparent, after the response, on the real runtime clients. */
import { describe, expect, test } from 'vitest'
import { count, warnings } from '../../support/extension.ts'
import { runtime, runtimes, startFunction } from '../../support/lambda.ts'

describe.each(runtimes)('on $title, registered', ({ startFunction }) => {
  test('a handler that throws: the error is posted, then the spans are sent, then the sandbox is let go', async () => {
    await using lambda = await startFunction('registered.throws', { behavior: { delayMs: 200 } })
    for (let id = 0; id < 3; id++) {
      const { result, freeze } = await lambda.invoke({ id })
      expect(result).toMatchObject({ ok: false, error: { errorType: 'RangeError', errorMessage: 'out of stock' } })
      expect(result.responseMs).toBeLessThan(200)
      expect(freeze.spans.map(({ status }) => status.message)).toEqual(['out of stock'])
    }
    const errors = lambda.sandbox.record.filter(({ kind }) => kind === 'runtime.error')
    for (const [index, { at }] of errors.entries()) expect(lambda.collector.requests[index]?.receivedAt).toBeGreaterThan(at)
  })

  test('an asynchronous invocation that is tried again under its name is flushed each time', async () => {
    await using lambda = await startFunction('registered.throws')
    for (let id = 0; id < 3; id++) {
      const result = await lambda.sandbox.invoke({}, { requestId: 'again' })
      expect((await result.frozen).afterMs).toBeLessThan(1000)
      expect(lambda.collector.spans).toHaveLength(id + 1)
    }
  })

  test('the flush runs in the handler’s own asynchronous context: its log lines know their request', async () => {
    await using lambda = await startFunction('registered.stored')
    for (const id of [1, 2]) await lambda.invoke({ id })
    expect(lambda.logs().match(/"phase":"after-response"|"stored":"for \d"/g)).toEqual(
      [1, 2].flatMap((id) => ['"phase":"after-response"', `"stored":"for ${id}"`]),
    )
  })

  test('a hung collector that resets everything later causes no unhandled rejection', async () => {
    await using lambda = await startFunction('registered.handler', { behavior: 'hang', env: { TIMEOUT_MS: '100' } })
    for (let id = 0; id < 5; id++) expect((await lambda.invoke({ id })).result.payload).toEqual({ id })
    await lambda.collector.refuse()
    expect((await lambda.invoke({ id: 5 })).result.payload).toEqual({ id: 5 })
    expect(lambda.logs()).not.toMatch(/unhandled/i)
    expect(count(lambda, 'spawn')).toBe(1)
  })
})

describe.each(runtimes)('on $title, registered', ({ startFunction }) => {
  test('by both copies of the package: once', async () => {
    await using lambda = await startFunction('twice.handler', { behavior: { delayMs: 100 } })
    // The function is loaded in its first invocation, when its event may have been there already, and nothing to hold for.
    await lambda.invoke({ id: 1 })
    const { freeze } = await lambda.invoke({ id: 2 })
    expect(freeze.spans).toHaveLength(2)
    const responses = lambda.sandbox.record.filter(({ kind }) => kind === 'runtime.response')
    expect(lambda.collector.requests[1]?.receivedAt).toBeGreaterThan(responses[1]?.at ?? Infinity)
    expect([count(lambda, 'extension.register'), count(lambda, 'extension.refused')]).toEqual([1, 0])
  })
})

describe.each(runtimes)('on $title, registered for shutdown only', ({ startFunction }) => {
  test('the sandbox is never held, and there is nothing to warn of', async () => {
    await using lambda = await startFunction('shutdown-only.handler')
    for (let id = 0; id < 3; id++) expect((await lambda.invoke({ id })).freeze.spans).toHaveLength(2)
    expect([count(lambda, 'extension.next'), count(lambda, 'extension.invoke')]).toEqual([1, 0])
    expect(lambda.logs()).not.toContain('after-response')
    expect(warnings(lambda)).toEqual([])
    await lambda.sandbox.shutdown()
    expect(count(lambda, 'sigterm')).toBe(1)
  })

  test('asking for more is a warning', async () => {
    await using lambda = await startFunction('shutdown-only.handler', { env: { FLUSH: 'after-response' } })
    for (let id = 0; id < 3; id++) await lambda.invoke({ id })
    expect(warnings(lambda)).toEqual([expect.stringContaining('registered for shutdown only')])
  })
})

test(`on ${runtime}, as a Managed Instance: nothing is registered, nor warned of`, async () => {
  await using lambda = await startFunction('registered.handler', { concurrency: 2 })
  expect((await lambda.sandbox.invoke({ id: 1 })).payload).toEqual({ id: 1 })
  await lambda.collector.waitFor(({ spans }) => spans.length === 2)
  expect(lambda.sandbox.record.filter(({ kind }) => kind.startsWith('extension'))).toEqual([])
  expect(warnings(lambda)).toEqual([])
})
