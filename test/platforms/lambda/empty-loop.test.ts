/** Who is told of an empty event loop (`beforeExit`) while a handler waits for that. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { untilEmpty } from '../../../src/platforms/lambda/empty-loop.ts'

const EVENT = 'beforeExit'
const others = [vi.fn(), vi.fn(), vi.fn()] as const
const [first, second, once] = others

beforeEach(() => {
  vi.clearAllMocks()
  process.on(EVENT, first).on(EVENT, second).once(EVENT, once)
})
afterEach(() => others.forEach((listener) => process.off(EVENT, listener)))

/** A handler that waits: `end` ends it by itself, an empty event loop releases it, and `result` says which of them did. */
function waiting() {
  const { promise, resolve } = Promise.withResolvers<string>()
  return { end: () => resolve('ended'), result: untilEmpty(promise, () => resolve('released')) }
}

test('no other listener is told of an empty event loop while a handler waits for that', async () => {
  const { result } = waiting()
  process.emit(EVENT, 0)
  expect(await result).toBe('released')
  for (const listener of others) expect(listener).not.toHaveBeenCalled()
})

test.each(['ended', 'been released'])('earlier listeners are back, in the same order, when all waiting handlers have %s', async (how) => {
  const before = process.rawListeners(EVENT)
  const [one, other] = [waiting(), waiting()]
  one.end()
  expect(await one.result).toBe('ended')
  expect(process.listeners(EVENT)).not.toContain(first)
  if (how === 'ended') other.end()
  else process.emit(EVENT, 0)
  await other.result
  expect(process.rawListeners(EVENT)).toEqual(before)
  process.emit(EVENT, 0)
  process.emit(EVENT, 0)
  expect([first, second, once].map(({ mock }) => mock.calls.length)).toEqual([2, 2, 1])
})

test('a listener that is added meanwhile is neither lost nor duplicated', async () => {
  const before = process.listeners(EVENT)
  const meanwhile = vi.fn()
  const { end, result } = waiting()
  process.on(EVENT, meanwhile)
  if (!process.listeners(EVENT).includes(once)) process.once(EVENT, once)
  end()
  await result
  expect(process.listeners(EVENT)).toEqual([...before.filter((listener) => listener !== once), meanwhile, once])
  process.off(EVENT, meanwhile)
})

test('many waiting handlers share one listener, since Node would warn of many', async () => {
  const all = Array.from({ length: 20 }, waiting)
  expect(process.listenerCount(EVENT)).toBe(1)
  process.emit(EVENT, 0)
  expect(await Promise.all(all.map(({ result }) => result))).toEqual(Array(20).fill('released'))
})

test('other listeners are called next, even if the released handler leaves nothing to wait for', async () => {
  const url = new URL('../../../src/platforms/lambda/empty-loop.ts', import.meta.url).href
  const program = `
    process.once('beforeExit', () => console.log('heard'))
    const { untilEmpty } = await import('${url}')
    let release
    void untilEmpty(new Promise((resolve) => (release = resolve)), () => release('released')).then(console.log)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  expect(stdout).toBe('released\nheard\n')
})
