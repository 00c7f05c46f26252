/** Node servers that `httpServerHandler` of `cloudflare:node` turns into Workers, on real workerd. */
import { describe, expect, test } from 'vitest'
import { crossed, names, newest } from '../../support/workers.ts'

const LINE =
  "runs on Cloudflare Workers, which may stop it before a flush is over: wrap the whole, `withTelemetry(httpServerHandler({ port }))` of 'flushed/workers'"

describe.each(['express', 'node'])(`%s on ${newest.title}`, (SERVER) => {
  test('alone, answers as ever, and one log line says what to write', async () => {
    await using worker = await newest.startWorker('server.mjs', { bindings: { SERVER } })
    for (const id of ['1', '2']) expect(await (await worker.fetch(`/orders/${id}`)).text()).toBe('found')
    await expect.poll(() => worker.logs()).toContain(`flushed: ${SERVER} ${LINE}`)
    expect(worker.logs().split(LINE)).toHaveLength(2)
    expect(crossed(worker.logs())).toEqual([])
  })

  test('wrapped as a whole, makes one invocation of each request, delivers everything, and logs nothing', async () => {
    await using worker = await newest.startWorker('server.mjs', { bindings: { SERVER, WRAPPED: true } })
    for (const id of ['1', '2']) expect(await (await worker.fetch(`/orders/${id}`)).text()).toBe('found')
    await worker.collector.waitFor(({ spans }) => spans.length >= 8)
    const server = SERVER === 'express' ? 'GET /orders/:id' : 'GET'
    expect(names(worker.collector.spans).toSorted()).toEqual([server, server, server, server, 'audit', 'audit', 'find order', 'find order'])
    const roots = worker.collector.spans.filter(({ kind }) => kind === 'server')
    expect(roots.map(({ attributes }) => attributes['url.path'])).toEqual(['/orders/1', '/orders/2'])
    expect(worker.logs()).not.toMatch(/flushed: /)
    expect(crossed(worker.logs())).toEqual([])
  })
})
