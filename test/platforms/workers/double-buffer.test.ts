/** A fake of a vendor's bundle with two buffers, on real workerd: what it loses by itself, and what `stages` does about it. */
import { describe, expect, test } from 'vitest'
import { endpoint } from '../../support/endpoint.ts'
import type { Item } from '../../support/monitoring.ts'
import { corners, crossed } from '../../support/workers.ts'

describe.each(corners)('on $title', ({ startWorker }) => {
  async function vendor(HOW: 'by itself' | 'stages' | 'cascade: false') {
    const backend = await endpoint()
    const worker = await startWorker('double-buffer.mjs', { bindings: { ENDPOINT: backend.url, HOW } })
    const items = () => backend.received.flatMap(({ text }) => JSON.parse(text) as Item[])
    const order = async () => expect(await (await worker.fetch()).text()).toBe('ordered')
    return { backend, worker, items, order }
  }

  test('by itself, with `ctx.waitUntil(tracer.flush())`, it delivers nothing of 10 requests', async () => {
    const { worker, backend, order } = await vendor('by itself')
    for (let n = 0; n < 10; n++) await order()
    await worker.reported(10)
    await worker[Symbol.asyncDispose]()
    expect(backend.received).toEqual([])
  })

  test.each([1, 2, 10])('with `stages`, all that was recorded is at the backend when the flushes are over; requests: %i', async (count) => {
    const { worker, backend, items, order } = await vendor('stages')
    await using _worker = worker
    for (let n = 0; n < count; n++) await order()
    await worker.reported(count)
    expect(items()).toHaveLength(3 * count)
    expect(backend.received.length).toBeLessThanOrEqual(count)
  })

  test('with `stages`, the backend has everything of 190 requests, 19 at a time, and no request touches another', async () => {
    const { worker, items, order } = await vendor('stages')
    await using _worker = worker
    for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 19 }, order))
    await worker.reported(190)
    expect(items()).toHaveLength(570)
    expect(crossed(worker.logs())).toEqual([])
  })

  test('with `cascade: false`, it delivers nothing of 10 requests, as by itself', async () => {
    const { worker, backend, order } = await vendor('cascade: false')
    for (let n = 0; n < 10; n++) await order()
    await worker.reported(10)
    await worker[Symbol.asyncDispose]()
    expect(backend.received).toEqual([])
  })
})
