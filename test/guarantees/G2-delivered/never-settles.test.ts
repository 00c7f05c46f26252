/** G2 Delivered, on the real runtime clients: when a handler does not settle, the spans that explain why still arrive. */
import { describe, expect, test } from 'vitest'
import type { CollectedSpan } from 'flushed/testing'
import { type Lambda, rootOf, runtimes } from '../../support/lambda.ts'
import { names } from '../../support/names.ts'

const phases = (lambda: Lambda) => [...lambda.logs().matchAll(/REPORT .*?"phase":"([\w-]+)"/g)].map(([, phase]) => phase)

/** Children come before their parents, the root last. Each has the same error, and those left open are marked. */
function expectEnded(spans: readonly CollectedSpan[], message: RegExp, errorType: string): void {
  expect(names(spans)).toEqual(['row', 'query', 'flushed-test'])
  for (const span of spans) expect(span.status).toMatchObject({ code: 'error', message: expect.stringMatching(message) })
  expect(spans.map(({ attributes }) => attributes['flushed.unfinished'])).toEqual([true, true, undefined])
  expect(rootOf(spans)?.attributes['error.type']).toBe(errorType)
}

describe.each(runtimes)('on $title', ({ title, startFunction }) => {
  test('the early timeout ends open spans, gives each the reason, and delivers them before the timeout', async () => {
    await using lambda = await startFunction('never.hangs', { timeoutMs: 4000 })
    const result = await lambda.sandbox.invoke({})
    expect(result.timedOut).toBe(true)
    expectEnded(lambda.collector.spans, /shortly before its timeout/, 'TimeoutError')
    expect(phases(lambda)).toEqual(['early-timeout'])
    // The early timeout comes when a tenth of the time is left.
    const invoked = lambda.sandbox.record.find(({ kind }) => kind === 'runtime.invoke')?.at ?? Number.NaN
    expect((lambda.collector.requests[0]?.receivedAt ?? Number.NaN) - invoked).toBeGreaterThan(3500)
  })

  test.each(['register', 'register/shutdown-only'])('early timeout off, registered by `%s`: SIGTERM ends open spans, says why and delivers them', async (form) => {
    await using lambda = await startFunction('never.hangs', { timeoutMs: 1500, env: { EARLY: 'false', REGISTER: form } })
    const result = await lambda.sandbox.invoke({})
    expect(result.timedOut).toBe(true)
    await lambda.collector.waitFor(({ spans }) => spans.length > 0)
    expectEnded(lambda.collector.spans, /stopped \(SIGTERM\)/, 'StoppedError')
    await expect.poll(() => phases(lambda)).toEqual(['shutdown'])
  })

  test('another listener for SIGTERM decides when the process ends', async () => {
    const env = { EARLY: 'false', REGISTER: 'register', LISTENS: 'yes' }
    await using lambda = await startFunction('never.hangs', { timeoutMs: 1500, env })
    await lambda.sandbox.invoke({})
    await lambda.collector.waitFor(({ spans }) => spans.length === 3)
    await expect.poll(() => lambda.logs()).toContain('LISTENED')
  })

  // Client 3.3 takes an empty event loop as the handler's answer, and the sandbox freezes.
  test.skipIf(title.includes('ric 3'))('a handler with nothing left to wait for ends its process, but only after its spans are delivered', async () => {
    await using lambda = await startFunction('never.empty', { timeoutMs: 3000 })
    const result = await lambda.sandbox.invoke({})
    expect(result.ok && result.payload !== null).toBe(false)
    await lambda.collector.waitFor(({ spans }) => spans.length === 3)
    expectEnded(lambda.collector.spans, /nothing was left to wait for/, 'StoppedError')
    // At once: the early timeout does not keep the process alive.
    await expect.poll(() => phases(lambda)).toEqual(['shutdown'])
  })

  test('a handler that stops on the signal keeps its result; spans it records from then on are late', async () => {
    await using lambda = await startFunction('never.stops', { timeoutMs: 2000, env: { EARLY: '1500' } })
    const { result } = await lambda.invoke()
    expect(result).toMatchObject({ ok: true, payload: { stopped: 'TimeoutError' } })
    expect(names(lambda.collector.spans)).toEqual(['row', 'query', 'flushed-test', 'epilogue'])
    expect(phases(lambda)).toEqual(['early-timeout', 'before-response'])
    expect(lambda.logs()).toContain('1 span recorded after the flush')
  })

  test('the early timeout delivers open spans with the flush after the response too; a later result stands', async () => {
    await using lambda = await startFunction('never.late', { timeoutMs: 2000, env: { EARLY: '1800', REGISTER: 'register' } })
    const { result, freeze } = await lambda.invoke()
    expect(result).toMatchObject({ ok: true, payload: { late: true } })
    expect(names(freeze.spans)).toEqual(['row', 'query', 'flushed-test'])
    expect(phases(lambda)).toEqual(['early-timeout', 'after-response'])
  })
})
