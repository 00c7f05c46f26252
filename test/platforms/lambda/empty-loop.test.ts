/** Who listens for an empty event loop, while a handler waits for that. */
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

/** Something that waits: its end by itself, its end by the event loop, and what it comes to. */
function waiting() {
  const { promise, resolve } = Promise.withResolvers<string>()
  return { end: () => resolve('ended'), result: untilEmpty(promise, () => resolve('released')) }
}

test('nobody else is told that the event loop is empty while something waits for that', async () => {
  const { result } = waiting()
  process.emit(EVENT, 0)
  expect(await result).toBe('released')
  for (const listener of others) expect(listener).not.toHaveBeenCalled()
})

test.each(['ended', 'been released'])('who listened before does so again when all have %s, in the same order', async (how) => {
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

test('who begins to listen meanwhile is neither lost nor doubled', async () => {
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

test('many at once leave no listener each, of which Node would warn', async () => {
  const all = Array.from({ length: 20 }, waiting)
  expect(process.listenerCount(EVENT)).toBe(1)
  process.emit(EVENT, 0)
  expect(await Promise.all(all.map(({ result }) => result))).toEqual(Array(20).fill('released'))
})

test('the others hear of it next, though what was released leaves nothing to wait for', async () => {
  const url = new URL('../../../src/platforms/lambda/empty-loop.ts', import.meta.url).href
  const program = `
    process.once('beforeExit', () => console.log('heard'))
    const { untilEmpty } = await import('${url}')
    let release
    void untilEmpty(new Promise((resolve) => (release = resolve)), () => release('released')).then(console.log)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  expect(stdout).toBe('released\nheard\n')
})
