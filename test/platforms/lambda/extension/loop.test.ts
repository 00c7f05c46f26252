/** The extension's loop against a fake Extensions API: the interleavings that the real one does not let a test choose. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ExtensionEvent, Refusal } from '../../../../src/platforms/lambda/extension/client.ts'
import { Loop } from '../../../../src/platforms/lambda/extension/loop.ts'
import type { Extension, Shared } from '../../../../src/platforms/lambda/extension/state.ts'

const TIMEOUT_MS = 3000
const wrapped: Shared = { untraced: (run) => run() }

/** Lets everything happen that waits for no timer. */
async function turn() {
  for (let n = 0; n < 6; n++) await new Promise((resolve) => setImmediate(resolve))
}

/** A loop, and the API that it polls: `polls` are open or answered, in order. */
function start(shared: Shared = { ...wrapped }, events: Extension['events'] = 'invoke') {
  const polls: PromiseWithResolvers<ExtensionEvent>[] = []
  const loop = new Loop(events, () => (polls.push(Promise.withResolvers()), polls.at(-1)!.promise), shared)
  const running = loop.run()
  return {
    loop,
    shared,
    running,
    polls: () => polls.length,
    /** Answers the open poll. */
    invoke: (requestId: string) => {
      polls.at(-1)!.resolve({ eventType: 'INVOKE', requestId, deadlineMs: Date.now() + TIMEOUT_MS })
      return turn()
    },
    fail: (error: Error) => (polls.at(-1)!.reject(error), turn()),
    later: (ms: number) => vi.advanceTimersByTimeAsync(ms).then(turn),
  }
}

/** A flush whose end the test decides; `log` gets its beginning and its end. */
function flush(log: string[], name: string) {
  const end = Promise.withResolvers<void>()
  const finish = () => {
    log.push(`${name} begins`)
    return end.promise.then(() => void log.push(`${name} ends`))
  }
  return Object.assign(finish, { end: end.resolve, fail: end.reject })
}

const warn = vi.spyOn(console, 'warn')
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  warn.mockReset().mockReturnValue()
})
afterEach(() => vi.useRealTimers())

describe('with a fake Extensions API: an invocation', () => {
  test('that is done before its event is read is flushed when it is, and `next` comes after the flush', async () => {
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

  test('whose event is read before it begins is waited for', async () => {
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

  test('is flushed after what its handler’s turn has put off once: the response', async () => {
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
    // What the runtime client does once the handler's promise has resolved, which takes some turns of its own.
    for (let hop = 0; hop < 20; hop++) await Promise.resolve()
    setImmediate(() => log.push('response'))
    await flushed.promise
    expect(log).toEqual(['response', 'flush'])
  })

  test('that is done without a flush is let go at once', async () => {
    const { loop, invoke, polls } = start()
    await invoke('a')
    loop.begun('a')
    loop.done('a')
    await turn()
    expect(polls()).toBe(2)
  })

  test('that does not settle is let go before its deadline, and what settles after that has to be awaited', async () => {
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

  test('that is tried again under its name is held again, whether it begins before its event or after', async () => {
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

  test('with two wrapped handlers is held until both are done', async () => {
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

  test('whose handler begins another while the first is flushed is held for that one, too', async () => {
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

  test('of an isolate without a wrapped handler is let go at once, and so is every one when registered for shutdown', async () => {
    for (const { invoke, polls } of [start({}), start({ ...wrapped }, 'shutdown')]) {
      await invoke('a')
      expect(polls()).toBe(2)
    }
  })

  test('leaves nothing behind', async () => {
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

describe('with a fake Extensions API: a flush', () => {
  test('that never ends is cut before the deadline', async () => {
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
  ])('that %s is a warning', async (_what, finish) => {
    const { loop, invoke, polls } = start()
    loop.begun('a')
    loop.done('a', finish)
    await invoke('a')
    expect(polls()).toBe(2)
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining('broken')])
  })

  test('under a name that has no event is run with the next one', async () => {
    const { loop, invoke } = start()
    const log: string[] = []
    loop.begun('x')
    loop.done('x', () => void log.push('x'))
    loop.begun('a')
    loop.done('a', () => void log.push('a'))
    await invoke('a')
    expect(log).toEqual(['x', 'a'])
  })

  test('under another name than the current event’s has to be awaited', async () => {
    const { loop, invoke } = start()
    await invoke('a')
    loop.begun('x')
    expect(loop.holds('x')).toBe(false)
  })
})

describe('with a fake Extensions API: a poll that fails', () => {
  test('ends all holding; what is due is run; the loop goes on asking, ever more rarely', async () => {
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

  test('because Lambda does not know the extension is the last', async () => {
    const { fail, running, polls, later } = start()
    await fail(new Refusal('the request for the next event', 403, '{"errorType":"Extension.UnknownExtensionIdentifier"}'))
    await running
    await later(10_000)
    expect(polls()).toBe(1)
  })
})

describe('with a fake Extensions API: a handler that is not wrapped', () => {
  test('holds the sandbox until its deadline once, with a warning, then for a moment only', async () => {
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

  test('does not shorten what wrapped ones get afterwards', async () => {
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
