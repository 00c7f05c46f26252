/** G4 Transparent, with the flush after the response, on the real runtime clients. */
import { describe, expect, test } from 'vitest'
import { count, warnings } from '../../support/extension.ts'
import { runtime, runtimes, startFunction } from '../../support/lambda.ts'

describe.each(runtimes)('on $title, registered', ({ startFunction }) => {
  test('a handler that throws has its error posted first, then its spans sent, then the sandbox let go', async () => {
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

  test('an asynchronous invocation that is retried with the same request id is flushed each time', async () => {
    await using lambda = await startFunction('registered.throws')
    for (let id = 0; id < 3; id++) {
      const result = await lambda.sandbox.invoke({}, { requestId: 'again' })
      expect((await result.frozen).afterMs).toBeLessThan(1000)
      expect(lambda.collector.spans).toHaveLength(id + 1)
    }
  })

  test('the flush runs in the handler’s own asynchronous context, so that its log lines know their request', async () => {
    await using lambda = await startFunction('registered.stored')
    for (const id of [1, 2]) await lambda.invoke({ id })
    expect(lambda.logs().match(/"phase":"after-response"|"stored":"for \d"/g)).toEqual(
      [1, 2].flatMap((id) => ['"phase":"after-response"', `"stored":"for ${id}"`]),
    )
  })

  test('a hung collector that later resets every connection causes no unhandled rejection', async () => {
    await using lambda = await startFunction('registered.handler', { behavior: 'hang', env: { TIMEOUT_MS: '100' } })
    for (let id = 0; id < 5; id++) expect((await lambda.invoke({ id })).result.payload).toEqual({ id })
    await lambda.collector.refuse()
    expect((await lambda.invoke({ id: 5 })).result.payload).toEqual({ id: 5 })
    expect(lambda.logs()).not.toMatch(/unhandled/i)
    expect(count(lambda, 'spawn')).toBe(1)
  })
})

describe.each(runtimes)('on $title, registered', ({ startFunction }) => {
  test('the ESM and the CommonJS copy of the package register one extension between them', async () => {
    await using lambda = await startFunction('twice.handler', { behavior: { delayMs: 100 } })
    // The first invocation loads the function: its extension event may have come before there was anything to hold for.
    await lambda.invoke({ id: 1 })
    const { freeze } = await lambda.invoke({ id: 2 })
    expect(freeze.spans).toHaveLength(2)
    const responses = lambda.sandbox.record.filter(({ kind }) => kind === 'runtime.response')
    expect(lambda.collector.requests[1]?.receivedAt).toBeGreaterThan(responses[1]?.at ?? Infinity)
    expect([count(lambda, 'extension.register'), count(lambda, 'extension.refused')]).toEqual([1, 0])
  })
})

describe.each(runtimes)('on $title, registered for shutdown only', ({ startFunction }) => {
  test('the sandbox is never held, nothing is warned of, and SIGTERM comes at shutdown', async () => {
    await using lambda = await startFunction('shutdown-only.handler')
    for (let id = 0; id < 3; id++) expect((await lambda.invoke({ id })).freeze.spans).toHaveLength(2)
    expect([count(lambda, 'extension.next'), count(lambda, 'extension.invoke')]).toEqual([1, 0])
    expect(lambda.logs()).not.toContain('after-response')
    expect(warnings(lambda)).toEqual([])
    await lambda.sandbox.shutdown()
    expect(count(lambda, 'sigterm')).toBe(1)
  })

  test('asking for `after-response` logs one warning', async () => {
    await using lambda = await startFunction('shutdown-only.handler', { env: { FLUSH: 'after-response' } })
    for (let id = 0; id < 3; id++) await lambda.invoke({ id })
    expect(warnings(lambda)).toEqual([expect.stringContaining('registered for shutdown only')])
  })
})

test(`on ${runtime}, as a Managed Instance: no extension is registered, and nothing is warned of`, async () => {
  await using lambda = await startFunction('registered.handler', { concurrency: 2 })
  expect((await lambda.sandbox.invoke({ id: 1 })).payload).toEqual({ id: 1 })
  await lambda.collector.waitFor(({ spans }) => spans.length === 2)
  expect(lambda.sandbox.record.filter(({ kind }) => kind.startsWith('extension'))).toEqual([])
  expect(warnings(lambda)).toEqual([])
})
