/** The extension's loop against a fake Extensions API: the interleavings that the real one does not let a test choose. */
import { describe, expect, test, vi } from 'vitest'
import { Loop } from '../../../../src/platforms/lambda/extension/loop.ts'
import type { ExtensionEvent } from '../../../../src/platforms/lambda/extension/client.ts'
import { flush, onFakeTimers, start, TIMEOUT_MS, turn, warn, wrapped } from './loop-support.ts'

onFakeTimers()

describe('with a fake Extensions API: an invocation', () => {
  test('that is done before its event arrives is flushed when it arrives, and `next` comes after the flush', async () => {
    const { loop, invoke, polls } = start()
    const log: string[] = []
    const finish = flush(log, 'a')
    loop.begun('a')
    expect(loop.holds('a')).toBe(true)
    loop.done('a', finish)
    await turn()
    expect(log).toEqual([])
    await invoke('a')
    expect(log).toEqual(['a begins'])
    expect(polls()).toBe(1)
    finish.end()
    await turn()
    expect([log.at(-1), polls(), loop.holds('a')]).toEqual(['a ends', 2, false])
  })

  test('whose event arrives before it begins is waited for', async () => {
    const { loop, invoke, polls, later } = start()
    await invoke('a')
    await later(1000)
    loop.begun('a')
    await later(1000)
    expect(polls()).toBe(1)
    loop.done('a', () => {})
    await turn()
    expect(polls()).toBe(2)
  })

  test('is flushed after the response, which the runtime client posts in a `setImmediate`', async () => {
    vi.useRealTimers()
    const log: string[] = []
    const flushed = Promise.withResolvers<void>()
    const event = { eventType: 'INVOKE', requestId: 'a', deadlineMs: Date.now() + TIMEOUT_MS }
    const polls = [Promise.resolve(event), new Promise<ExtensionEvent>(() => {})]
    const loop = new Loop('invoke', () => polls.shift()!, { ...wrapped })
    void loop.run()
    loop.begun('a')
    await Promise.resolve(event)
    loop.done('a', () => (log.push('flush'), flushed.resolve()))
    // What the runtime client does some microtasks after the handler's promise has resolved.
    for (let hop = 0; hop < 20; hop++) await Promise.resolve()
    setImmediate(() => log.push('response'))
    await flushed.promise
    expect(log).toEqual(['response', 'flush'])
  })

  test('that is done without a flush releases the sandbox at once', async () => {
    const { loop, invoke, polls } = start()
    await invoke('a')
    loop.begun('a')
    loop.done('a')
    await turn()
    expect(polls()).toBe(2)
  })

  test('that does not settle releases the sandbox before its deadline; what settles later must be awaited', async () => {
    const { loop, invoke, polls, later } = start()
    loop.begun('a')
    await invoke('a')
    await later(TIMEOUT_MS - 60)
    expect([polls(), loop.holds('a')]).toEqual([1, true])
    await later(20)
    expect([polls(), loop.holds('a')]).toEqual([2, false])
    loop.begun('a')
    expect(loop.holds('a')).toBe(false)
    expect(warn).not.toHaveBeenCalled()
  })

  test('that is retried under the same request ID is held again, whether it begins before or after its event', async () => {
    const { loop, invoke, polls } = start()
    for (const beginsFirst of [false, true, false]) {
      const before = polls()
      if (beginsFirst) loop.begun('a')
      await invoke('a')
      if (!beginsFirst) loop.begun('a')
      expect(loop.holds('a')).toBe(true)
      loop.done('a', () => {})
      await turn()
      expect(polls()).toBe(before + 1)
    }
  })

  test('with two wrapped handlers is held until both are done, and both are flushed, one after the other', async () => {
    const { loop, invoke, polls } = start()
    const log: string[] = []
    const [first, second] = [flush(log, 'first'), flush(log, 'second')]
    await invoke('a')
    loop.begun('a')
    loop.begun('a')
    loop.done('a', first)
    await turn()
    expect(log).toEqual([])
    loop.done('a', second)
    await turn()
    expect(log).toEqual(['first begins'])
    first.end()
    await turn()
    expect([log, polls()]).toEqual([['first begins', 'first ends', 'second begins'], 1])
    second.end()
    await turn()
    expect(polls()).toBe(2)
  })

  test('is also held for a wrapped handler that begins while the first one is flushed', async () => {
    const { loop, invoke, polls } = start()
    const finish = flush([], 'first')
    await invoke('a')
    loop.begun('a')
    loop.done('a', finish)
    await turn()
    loop.begun('a')
    finish.end()
    await turn()
    expect([polls(), loop.holds('a')]).toEqual([1, true])
    loop.done('a')
    await turn()
    expect(polls()).toBe(2)
  })

  test('is not held if no handler is wrapped, or if the extension is registered for shutdown only', async () => {
    for (const { invoke, polls } of [start({}), start({ ...wrapped }, 'shutdown')]) {
      await invoke('a')
      expect(polls()).toBe(2)
    }
  })

  test('leaves no state behind', async () => {
    const { loop, invoke } = start()
    for (let n = 0; n < 100; n++) {
      loop.begun(`${n}`)
      loop.begun(`other ${n}`)
      loop.done(`${n}`, () => {})
      await invoke(`${n}`)
      await turn()
    }
    for (let n = 0; n < 100; n++) expect([loop.holds(`${n}`), loop.holds(`other ${n}`)]).toEqual([false, false])
  })
})
