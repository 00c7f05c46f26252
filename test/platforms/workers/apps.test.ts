/** Applications of real frameworks, wrapped as a whole, on real workerd. */
import { describe, expect, test } from 'vitest'
import { corners, crossed } from '../../support/workers.ts'

describe.each(corners)('on $title', ({ startWorker }) => {
  test.each([
    ['Hono', 'hono.mjs', ['find order', 'audit', 'GET']],
    ['itty-router', 'itty.mjs', ['find order', 'GET']],
  ])('%s answers as ever, and all spans arrive', async (_name, script, names) => {
    await using worker = await startWorker(script, { bindings: { REGION: 'weur' } })
    for (const id of ['1', '2']) {
      const response = await worker.fetch(`/orders/${id}`)
      expect(await response.json()).toEqual({ id, region: 'weur' })
    }
    await worker.collector.waitFor(({ spans }) => spans.length >= 2 * names.length)
    expect(worker.collector.spans.map(({ name }) => name).toSorted()).toEqual([...names, ...names].toSorted())
    expect(crossed(worker.logs())).toEqual([])
  })

  test('an error that Hono turns into a response makes the root span an error by its status', async () => {
    await using worker = await startWorker('hono.mjs')
    expect((await worker.fetch('/fails')).status).toBe(500)
    await worker.collector.waitFor(({ spans }) => spans.length >= 1)
    expect(worker.collector.spans[0]).toMatchObject({
      name: 'GET',
      status: { code: 'error' },
      attributes: { 'http.response.status_code': 500, 'error.type': '500' },
    })
  })
})
