/** A server that has no processor between two requests, as on Cloud Run with request-based billing: a process that is stopped. */
import { setTimeout as delay } from 'node:timers/promises'
import { startCollector } from 'flushed/testing'
import { expect, test } from 'vitest'
import { SERVERS, answered, startServer } from './process.ts'

const REQUESTS = 4

test.each(SERVERS)('%s, stopped as soon as it has answered, or while it exports, for longer than a flush may take: each span arrives once', async (server) => {
  await using collector = await startCollector({ behavior: { delayMs: 100 } })
  using app = await startServer(server, collector, { options: { timeoutMs: 300 } })
  for (let n = 0; n < REQUESTS; n++) {
    expect(await answered(app.url(`/orders/${n}`))).toBe(200)
    const { length } = collector.requests
    if (n % 2 === 1) await collector.waitFor(({ requests }) => requests.length > length, { timeoutMs: 15_000 })
    app.child.kill('SIGSTOP')
    // The pause itself, in which the collector answers, and the flush's time is up.
    await delay(500)
    app.child.kill('SIGCONT')
  }
  app.child.kill('SIGTERM')
  await app.exited
  const roots = collector.spans.flatMap(({ attributes }) => attributes['url.path'] ?? [])
  expect(roots.toSorted()).toEqual(Array.from({ length: REQUESTS }, (_, n) => `/orders/${n}`))
  expect(collector.spans).toHaveLength(2 * REQUESTS)
})
