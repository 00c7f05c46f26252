/** A fake of a vendor's SDK, with one buffer behind another, on the real runtime client. */
import { describe, expect, test } from 'vitest'
import { endpoint } from '../../support/endpoint.ts'
import { runtime, startFunction } from '../../support/lambda.ts'
import type { Item } from '../../support/monitoring.ts'

describe(`on ${runtime}`, () => {
  async function vendor(CASCADE: 'true' | 'false') {
    const backend = await endpoint()
    const items = () => backend.received.flatMap(({ text }) => JSON.parse(text) as Item[])
    return { items, lambda: await startFunction('double-buffer.handler', { env: { ENDPOINT: backend.url, CASCADE } }) }
  }

  test('with `stages`, what an invocation records reaches the backend before the freeze', async () => {
    const { items, lambda } = await vendor('true')
    await using _lambda = lambda
    for (let id = 1; id <= 3; id++) {
      await lambda.invoke({ id })
      expect(items()).toHaveLength(2 * id)
    }
  })

  test('with `cascade: false`, what invocations record reaches the backend only when the environment ends', async () => {
    const { items, lambda } = await vendor('false')
    await using _lambda = lambda
    for (let id = 1; id <= 3; id++) await lambda.invoke({ id })
    expect(items()).toEqual([])
    await lambda.sandbox.shutdown()
    expect(items()).toHaveLength(6)
  })
})
