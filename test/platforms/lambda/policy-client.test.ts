/** `policy` on the real runtime clients: fewer flushes, and no span is lost. */
import { describe, expect, test } from 'vitest'
import { type Lambda, runtimes } from '../../support/lambda.ts'

const policy = (value: unknown, env = {}) => ({ env: { POLICY: JSON.stringify(value), ...env } })
const phases = (lambda: Lambda) => [...lambda.logs().matchAll(/FLUSH ([\w-]+)/g)].map(([, phase]) => phase)

async function requestsAt(lambda: Lambda, invocations: number): Promise<number[]> {
  const requests = []
  for (let id = 0; id < invocations; id++) requests.push((await lambda.invoke({ id })).freeze.requests)
  return requests
}

const distinct = ({ collector }: Lambda) => new Set(collector.spans.map(({ spanId }) => spanId)).size

describe.each(runtimes)('on $title', ({ startFunction }) => {
  test('{ everyInvocations: 3 } flushes at every third invocation, and the rest at the environment’s shutdown', async () => {
    await using lambda = await startFunction('policy.handler', policy({ everyInvocations: 3 }))
    expect(await requestsAt(lambda, 7)).toEqual([0, 0, 1, 0, 0, 1, 0])
    expect(lambda.freezes[2]?.spans).toHaveLength(6)
    await lambda.sandbox.shutdown()
    expect(distinct(lambda)).toBe(14)
    expect(phases(lambda).slice(0, 2)).toEqual(['after-response', 'after-response'])
  })

  test('{ everyMs } flushes only once within that time, and the rest at the environment’s shutdown', async () => {
    await using lambda = await startFunction('policy.handler', policy({ everyMs: 60_000 }))
    expect(await requestsAt(lambda, 4)).toEqual([1, 0, 0, 0])
    await lambda.sandbox.shutdown()
    expect([distinct(lambda), lambda.collector.requests.length]).toEqual([8, 2])
  })

  test('adaptive flushes at the end of each invocation if traffic is sparse, beside the next if it is steady', async () => {
    await using lambda = await startFunction('policy.handler', { ...policy('adaptive'), behavior: { delayMs: 20 } })
    await requestsAt(lambda, 12)
    await lambda.sandbox.shutdown()
    expect(distinct(lambda)).toBe(24)
    expect(phases(lambda).slice(0, 5)).toEqual(Array(5).fill('after-response'))
    expect(new Set(phases(lambda).slice(5))).toContain('background')
    expect(phases(lambda).slice(5)).not.toContain('after-response')
  })

  test('background work ends before the freeze, even if its telemetry is left for a later flush', async () => {
    await using lambda = await startFunction('policy.handler', policy({ everyInvocations: 10 }))
    for (const id of [1, 2, 3]) {
      await lambda.invoke({ id, auditMs: 100 })
      expect(lambda.logs()).toContain(`AUDITED ${id}`)
    }
    await lambda.sandbox.shutdown()
    const audits = lambda.collector.spans.filter(({ name }) => name === 'audit')
    expect(audits.map(({ attributes }) => attributes['flushed.unfinished'])).toEqual([undefined, undefined, undefined])
  })

  test('the next flush reports failed background work of an invocation whose telemetry was left', async () => {
    await using lambda = await startFunction('policy.handler', policy({ everyInvocations: 2 }))
    await lambda.invoke({ id: 'bad', auditMs: 1 })
    await lambda.invoke({ id: 'good' })
    expect(lambda.logs()).toContain('FLUSH after-response 1 background work failed: no such order')
  })

  test('the environment’s shutdown reports what was left open, and failed background work, of all invocations that were left', async () => {
    await using lambda = await startFunction('policy.handler', policy({ everyInvocations: 10 }))
    await lambda.invoke({ id: 'bad', auditMs: 1 })
    await lambda.invoke({ id: 'good' })
    await lambda.sandbox.shutdown()
    expect(lambda.logs()).toContain('FLUSH shutdown 1 background work failed: no such order')
  })

  test('without an extension to flush what is left, every invocation flushes, and one warning says so', async () => {
    await using lambda = await startFunction('policy.handler', policy({ everyInvocations: 3 }, { UNREGISTERED: 'yes' }))
    expect(await requestsAt(lambda, 3)).toEqual([1, 1, 1])
    expect(lambda.logs().match(/`policy` needs an extension/g)).toHaveLength(1)
  })
})
