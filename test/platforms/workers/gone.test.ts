/** Requests whose caller gives up while the handler works, on real workerd, which then stops the handler at once. */
import { describe, expect, test } from 'vitest'
import { type StartedWorker, corners, crossed } from '../../support/workers.ts'

/** The root span of the request that was given up, once it has arrived. */
async function rootOf({ collector }: StartedWorker, path: string) {
  const isIt = ({ attributes }: (typeof collector.spans)[number]) => attributes['url.path'] === `/${path}`
  await collector.waitFor(({ spans }) => spans.some(isIt))
  return collector.spans.find(isIt)
}

describe.each(corners)('on $title', ({ startWorker, compatibilityDate }) => {
  async function givenUp(path: string, BY = 'workers') {
    const worker = await startWorker('gone.mjs', {
      serviceBindings: { SELF: 'worker' },
      bindings: { BY },
      durableObjects: { ROOM: 'Room' },
      compatibilityFlags: compatibilityDate < '2026-11-17' ? ['enable_request_signal'] : [],
    })
    expect(await (await worker.fetch(`/gate/${path}`)).text()).toBe('gave up')
    return worker
  }

  /** The names of a request's spans. Those that were not ended by the handler are marked. */
  const below = ({ collector }: StartedWorker, root: { traceId: string } | undefined) =>
    collector.spans
      .filter(({ traceId, attributes }) => traceId === root?.traceId && !('faas.trigger' in attributes))
      .map(({ name, attributes }) => ('flushed.unfinished' in attributes ? `${name}, unfinished` : name))

  test.each(['workers', 'hono', 'edge'])('the recorded spans are sent at once, and the handler is stopped as without `flushed`: `flushed/%s`', async (by) => {
    await using worker = await givenUp('held', by)
    const root = await rootOf(worker, 'held')
    expect(root?.attributes).toMatchObject({ 'flushed.response_stream': 'cancelled' })
    expect(below(worker, root)).toEqual(['first', 'work, unfinished'])
    const [report] = await worker.reported(({ spans }) => spans.endedByDispose === 1)
    expect(report).toMatchObject({ outcome: 'delivered', warnings: [] })
    await worker.fetch('/pause')
    expect(worker.logs()).not.toMatch('WENT ON')
    expect(crossed(worker.logs())).toEqual([])
  })

  test.each([
    ['within', 'workers'],
    ['within', 'hono'],
    ['within', 'edge'],
    ['room', 'workers'],
  ])('a handler that goes on, because other work or its Durable Object does, records as ever: %s, `flushed/%s`', async (path, by) => {
    await using worker = await givenUp(path, by)
    const root = await rootOf(worker, path)
    expect(root?.attributes).toMatchObject({ 'flushed.response_stream': 'cancelled', 'http.response.status_code': 202 })
    expect(below(worker, root)).toEqual(['first', 'work', 'last'])
    expect(worker.reports().flatMap(({ warnings }) => warnings)).toEqual([])
  })

  test('a handler that is stopped when other work is over has its spans sent then', async () => {
    await using worker = await givenUp('beyond')
    const root = await rootOf(worker, 'beyond')
    expect(root?.attributes).toMatchObject({ 'flushed.response_stream': 'cancelled' })
    expect(below(worker, root)).toEqual(['first', 'work, unfinished'])
    await worker.fetch('/pause')
    expect(worker.logs()).not.toMatch('WENT ON')
  })
})
