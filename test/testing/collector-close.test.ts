/** A collector that is closed while it inflates a body, with a fake `gunzip` that takes as long as the test says. */
import { once } from 'node:events'
import { request } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { startCollector } from 'flushed/testing'
import { afterEach, expect, test, vi } from 'vitest'

type Inflated = (error: null, body: Buffer) => void
const zlib = vi.hoisted(() => ({ begins: (_finish: Inflated): void => {} }))

vi.mock('node:zlib', async (original) => ({
  ...(await original<typeof import('node:zlib')>()),
  gunzip: (_body: Buffer, finish: Inflated) => zlib.begins(finish),
}))

afterEach(() => {
  vi.useRealTimers()
})

test('a body that is being inflated when the collector is closed gets no answer, and leaves no timer', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const rule = vi.fn(() => ({ delayMs: 60_000 }))
  const collector = await startCollector({ behavior: rule })
  const inflating = new Promise<Inflated>((resolve) => (zlib.begins = resolve))
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  const sent = request(`${collector.url}/v1/traces`, { method: 'POST', headers }).end(gzipSync('{}'))
  const reset = once(sent, 'error')
  const finish = await inflating
  await collector.close()
  await reset
  finish(null, Buffer.from('{}'))
  await nextTurn()
  expect(collector.requests).toMatchObject([{ compressed: true, acknowledged: false }])
  expect(vi.getTimerCount()).toBe(0)
  expect(rule).not.toHaveBeenCalled()
})
