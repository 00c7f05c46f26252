/** G2 Delivered is acknowledged, after the response and before the freeze, on the real runtime clients. */
import { describe, expect, test } from 'vitest'
import { count, expectSerial } from '../../support/extension.ts'
import { rootOf, runtimes } from '../../support/lambda.ts'

const SLOW = { delayMs: 300 }
// A timer may fire slightly early.
const WORK_MS = 150 - 5

describe.each(runtimes)('on $title, background work of 150 ms', ({ startFunction }) => {
  test('with the flush after the response: does not delay it, and is delivered before the freeze', async () => {
    await using lambda = await startFunction('registered.background')
    for (let id = 0; id < 3; id++) {
      const { result, freeze } = await lambda.invoke({ id })
      const { afterMs } = await result.frozen
      expect(result.payload).toEqual({ id })
      if (id > 0) expect(result.responseMs).toBeLessThan(WORK_MS)
      expect(afterMs).toBeGreaterThanOrEqual(WORK_MS)
      const audit = freeze.spans.find(({ name }) => name === 'audit')
      expect(audit?.attributes).toEqual({ audited: true })
      expect(freeze.spans).toHaveLength(2)
    }
    expect(lambda.logs().match(/audited$/gm)).toHaveLength(3)
  })

  test('with the flush before the response: the response waits for the work, and its span is delivered', async () => {
    await using lambda = await startFunction('extension.background')
    const { result, freeze } = await lambda.invoke({ id: 1 })
    expect(result.responseMs).toBeGreaterThanOrEqual(WORK_MS)
    expect(freeze.spans.map(({ name }) => name)).toContain('audit')
  })
})

describe.each(runtimes)('on $title, registered, a handler that calls wrapped handlers', ({ startFunction }) => {
  test('a wrap inside a wrap makes one invocation and one flush', async () => {
    await using lambda = await startFunction('registered.nested', { behavior: SLOW })
    for (let id = 0; id < 3; id++) {
      const { result, freeze } = await lambda.invoke({ id })
      expect(result.responseMs).toBeLessThan(SLOW.delayMs)
      expect(freeze.spans.map(({ name }) => name)).toEqual(['child', 'order', 'outer'])
    }
    expectSerial(lambda)
  })

  test('wrapped handlers called side by side are flushed one after the other, all before the freeze', async () => {
    await using lambda = await startFunction('registered.several', { behavior: SLOW })
    for (let id = 0; id < 2; id++) {
      const { freeze } = await lambda.invoke({ id })
      expect(freeze.spans.map(({ name }) => name).toSorted()).toEqual(['audit', 'child', 'child', ...Array(3).fill('flushed-test')])
    }
    for (const [index, { receivedAt }] of lambda.collector.requests.entries()) {
      expect(receivedAt).toBeGreaterThan(lambda.collector.requests[index - 1]?.answeredAt ?? 0)
    }
    expect(count(lambda, 'extension.next')).toBe(3)
  })

  test('one called with a request id unknown to Lambda is flushed with the next event at the latest', async () => {
    await using lambda = await startFunction('registered.renamed', { timeoutMs: 1000 })
    for (let id = 0; id < 3; id++) expect((await lambda.invoke({ id })).result.payload).toEqual({ id })
    const roots = lambda.collector.spans.filter((span) => rootOf([span])).map(({ attributes }) => attributes['faas.invocation_id'])
    expect(roots.slice(0, 2)).toEqual(['renamed 0', 'renamed 1'])
    expect(new Set(roots).size).toBe(roots.length)
  })
})
