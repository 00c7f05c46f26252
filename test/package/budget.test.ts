/** What can be said exactly of what the built package spends: requests, their bytes, and what is left at the end. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startCollector } from 'flushed/testing'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('leftovers.mjs', import.meta.url))
const INVOCATIONS = 100

interface Left {
  readonly before: Readonly<Record<string, number>>
  readonly after: Readonly<Record<string, number>>
  /** Kinds of what keeps the process alive, between two invocations. */
  readonly idle: readonly string[]
}

async function run(collector: string) {
  // Its own answer to whoever has forked it is not counted: the channel is there before and closed after.
  const child = fork(program, { env: { PATH: process.env['PATH'], COLLECTOR: collector }, execArgv: [] })
  const [[left], [code, signal]] = await Promise.all([once(child, 'message') as Promise<[Left]>, once(child, 'exit')])
  return { left, code: code as number | null, signal: signal as string | null }
}

test('an invocation of six spans is one request of no more than its budget in bytes', async () => {
  await using collector = await startCollector()
  await run(collector.url)
  expect(collector.requests).toHaveLength(INVOCATIONS)
  expect(collector.spans).toHaveLength(INVOCATIONS * 6)
  // The first one tells of no flush before it.
  const sizes = collector.requests.slice(1).map(({ bytes }) => bytes)
  // Clocks are of so many digits; the least digits of a duration are not.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(3550)
  expect(Math.min(...sizes)).toBeGreaterThan(3550 * 0.9)
})

test('what is nobody’s any more holds nothing: no timer, no listener for each wrap, and the process ends by itself', async () => {
  await using collector = await startCollector()
  const { left, code, signal } = await run(collector.url)
  expect(left.idle).not.toContain('Timeout')
  expect(left.idle).not.toContain('Immediate')
  // One for the whole process, by which the last flush is made where nothing else would.
  expect(left.after).toEqual({ ...left.before, beforeExit: (left.before['beforeExit'] ?? 0) + 1 })
  // With a socket open, or a timer, it would be waiting still.
  expect({ code, signal }).toEqual({ code: 0, signal: null })
})
