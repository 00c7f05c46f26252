/** Support for tests of the extension's loop against a fake Extensions API, on fake timers. */
import { afterEach, beforeEach, vi } from 'vitest'
import { type ExtensionEvent } from '../../../../src/platforms/lambda/extension/client.ts'
import { Loop } from '../../../../src/platforms/lambda/extension/loop.ts'
import type { Extension, Shared } from '../../../../src/server/extension.ts'

export const TIMEOUT_MS = 3000
export const wrapped: Shared = { untraced: (run) => run() }

/** Lets everything happen that waits for no timer. */
export async function turn() {
  for (let n = 0; n < 6; n++) await new Promise((resolve) => setImmediate(resolve))
}

/** A loop, and the fake API that it polls. `polls` has its polls in order, the last of them open. */
export function start(shared: Shared = { ...wrapped }, events: Extension['events'] = 'invoke') {
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

/** A flush that ends when the test says so. It writes its beginning and its end to `log`. */
export function flush(log: string[], name: string) {
  const end = Promise.withResolvers<void>()
  const finish = () => {
    log.push(`${name} begins`)
    return end.promise.then(() => void log.push(`${name} ends`))
  }
  return Object.assign(finish, { end: end.resolve, fail: end.reject })
}

export const warn = vi.spyOn(console, 'warn')

/** Uses fake timers in each test of a file. */
export function onFakeTimers(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    warn.mockReset().mockReturnValue()
  })
  afterEach(() => vi.useRealTimers())
}
