/** The extension's loop against a fake Extensions API: flushes that never end, polls that fail, handlers without a wrap. */
import { describe, expect, test } from 'vitest'
import { Refusal } from '../../../../src/platforms/lambda/extension/client.ts'
import { flush, onFakeTimers, start, TIMEOUT_MS, turn, warn } from './loop-support.ts'

onFakeTimers()

describe('with a fake Extensions API: a flush', () => {
  test('that never ends is cut off before the deadline', async () => {
    const { loop, invoke, polls, later } = start()
    loop.begun('a')
    loop.done('a', flush([], 'a'))
    await invoke('a')
    await later(TIMEOUT_MS - 30)
    expect(polls()).toBe(1)
    await later(20)
    expect(polls()).toBe(2)
  })

  test.each([
    ['throws', () => { throw new Error('broken') }],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('that %s causes a warning, and releases the sandbox', async (_what, finish) => {
    const { loop, invoke, polls } = start()
    loop.begun('a')
    loop.done('a', finish)
    await invoke('a')
    expect(polls()).toBe(2)
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining('broken')])
  })

  test('of a request that has no event runs with the next event', async () => {
    const { loop, invoke } = start()
    const log: string[] = []
    loop.begun('x')
    loop.done('x', () => void log.push('x'))
    loop.begun('a')
    loop.done('a', () => void log.push('a'))
    await invoke('a')
    expect(log).toEqual(['x', 'a'])
  })

  test('of another request than the current event’s must be awaited: the sandbox is not held for it', async () => {
    const { loop, invoke } = start()
    await invoke('a')
    loop.begun('x')
    expect(loop.holds('x')).toBe(false)
  })
})

describe('with a fake Extensions API: a poll that fails', () => {
  test('runs the flushes that are due, ends all holding, and is repeated at growing intervals', async () => {
    const { loop, fail, invoke, polls, later, shared } = start()
    const log: string[] = []
    loop.begun('a')
    loop.done('a', () => void log.push('a'))
    await fail(new Error('read ECONNRESET'))
    expect(log).toEqual(['a'])
    expect(shared.failure).toContain('ECONNRESET')
    loop.begun('b')
    expect(loop.holds('b')).toBe(false)
    await later(50)
    expect(polls()).toBe(2)
    await fail(new Error('again'))
    await later(50)
    expect(polls()).toBe(2)
    await later(50)
    expect(polls()).toBe(3)
    await invoke('b')
    expect(polls()).toBe(4)
    expect(shared.failure).not.toContain('again')
  })

  test('with 403, since Lambda does not know the extension, is not repeated', async () => {
    const { fail, running, polls, later } = start()
    await fail(new Refusal('the request for the next event', 403, '{"errorType":"Extension.UnknownExtensionIdentifier"}'))
    await running
    await later(10_000)
    expect(polls()).toBe(1)
  })
})

describe('with a fake Extensions API: a handler that is not wrapped', () => {
  test('holds the sandbox until its deadline once, with a warning, and for 100 ms from then on', async () => {
    const { invoke, polls, later } = start()
    await invoke('a')
    await later(TIMEOUT_MS - 60)
    expect(polls()).toBe(1)
    await later(20)
    expect(polls()).toBe(2)
    expect(warn).toHaveBeenCalledTimes(1)
    for (const id of ['b', 'c']) {
      const before = polls()
      await invoke(id)
      await later(110)
      expect(polls()).toBe(before + 1)
    }
    expect(warn).toHaveBeenCalledTimes(1)
  })

  test('does not shorten how long wrapped handlers are waited for afterwards', async () => {
    const { loop, invoke, polls, later } = start()
    await invoke('a')
    await later(TIMEOUT_MS)
    await invoke('b')
    loop.begun('b')
    await later(TIMEOUT_MS / 2)
    expect([polls(), loop.holds('b')]).toEqual([2, true])
    loop.done('b', () => {})
    await turn()
    expect(polls()).toBe(3)
  })
})
