/** A server without CPU between requests, as on Cloud Run with request-based billing: the tests stop its real process. */
import { setTimeout as delay } from 'node:timers/promises'
import { startCollector } from 'flushed/testing'
import { expect, test } from 'vitest'
import { SERVERS, answered, startServer } from './process.ts'

const REQUESTS = 4

test.each(SERVERS)('%s delivers each span once though it is stopped after an answer, or in an export, for longer than a flush may take', async (server) => {
  await using collector = await startCollector({ behavior: { delayMs: 100 } })
  using app = await startServer(server, collector, { options: { timeoutMs: 300 } })
  for (let n = 0; n < REQUESTS; n++) {
    expect(await answered(app.url(`/orders/${n}`))).toBe(200)
    const { length } = collector.requests
    if (n % 2 === 1) await collector.waitFor(({ requests }) => requests.length > length, { timeoutMs: 15_000 })
    app.child.kill('SIGSTOP')
    // During the pause, the collector answers and the flush runs out of time.
    await delay(500)
    app.child.kill('SIGCONT')
  }
  app.child.kill('SIGTERM')
  await app.exited
  const roots = collector.spans.flatMap(({ attributes }) => attributes['url.path'] ?? [])
  expect(roots.toSorted()).toEqual(Array.from({ length: REQUESTS }, (_, n) => `/orders/${n}`))
  expect(collector.spans).toHaveLength(2 * REQUESTS)
})
