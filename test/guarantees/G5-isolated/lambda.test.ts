/** G5 Isolated, on the real runtime client: invocations of one sandbox, one after the other. */
import { describe, expect, test } from 'vitest'
import { rootOf, runtime, startFunction } from '../../support/lambda.ts'

describe(`on ${runtime}`, () => {
  test('a trace belongs to one invocation, and an invocation has one trace', async () => {
    await using lambda = await startFunction('orders.handler')
    const traces = new Set<string>()
    for (let id = 0; id < 20; id++) {
      const { result, freeze } = await lambda.invoke({ id })
      const ids = new Set(freeze.spans.map(({ traceId }) => traceId))
      expect(ids.size).toBe(1)
      for (const traceId of ids) traces.add(traceId)
      expect(rootOf(freeze.spans)?.attributes['faas.invocation_id']).toBe(result.requestId)
    }
    expect(traces.size).toBe(20)
  })

  test('an invocation that fails leaves nothing behind for the next one', async () => {
    await using lambda = await startFunction('orders.throws')
    await lambda.invoke()
    const second = await lambda.invoke()
    expect(second.freeze.spans).toHaveLength(3)
    expect(rootOf(second.freeze.spans)?.attributes['faas.coldstart']).toBe(false)
  })
})
