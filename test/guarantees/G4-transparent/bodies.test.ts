/** G4 Transparent, on real workerd: what a client sees on the wire, from a Worker and from the same Worker wrapped. */
import { describe, expect, test } from 'vitest'
import { startOrigin } from '../../support/origin.ts'
import { ask } from '../../support/raw.ts'
import { runtimes } from '../../support/workers.ts'
// @ts-expect-error: a Worker, of which the paths are used
import { routes } from '../workers/bodies-bare.mjs'

/** The bodies that end by themselves; the others are tested in test/platforms/workers/streams.test.ts. */
const paths = Object.keys(routes as object).filter((path) => !/idle|websocket|flood|endless/.test(path))

const bodies = runtimes.filter(({ flags }) => flags === 'nodejs_als')

describe.each(bodies)('on $title', ({ startWorker }) => {
  test.each([{}, { FLUSH: 'before-response' }])('status, headers and bytes are the same with the wrap as without (%j)', async (more) => {
    await using origin = await startOrigin()
    const bindings = { ORIGIN: origin.url, ...more }
    await using worker = await startWorker('bodies.mjs', {
      bindings,
      serviceBindings: { BEHIND: 'bare' },
      others: { bare: { script: 'bodies-bare.mjs', bindings, serviceBindings: { BEHIND: 'bare' } } },
    })
    const bare = await worker.miniflare.unsafeGetDirectURL('bare')
    for (const path of paths) {
      for (const method of ['GET', 'HEAD']) {
        const of = (url: URL) => ask(new URL(`/${path}`, url), { method })
        const [expected, answer] = await Promise.all([of(bare), of(worker.url)])
        // The one exception: a wrapped event stream is sent chunked, since its bytes are not counted.
        if (path === 'events' && method === 'GET') expected.headers.splice(0, 2, 'Transfer-Encoding', 'chunked')
        expect.soft({ path, method, ...answer }).toEqual({ path, method, ...expected })
      }
    }
  })
})
