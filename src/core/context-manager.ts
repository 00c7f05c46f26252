/**
 * Contexts across asynchronous code, for applications that have not set that up themselves.
 *
 * @module
 */
import { type Context, type ContextManager, ROOT_CONTEXT, context } from '@opentelemetry/api'
import { isolate } from './isolate.ts'
import { untraced } from './suppress.ts'

/** What the package uses of an AsyncLocalStorage. */
export interface ContextStorage {
  getStore(): Context | undefined
  enterWith(context: Context): void
  run<R, A extends unknown[]>(context: Context, callback: (...args: A) => R, ...args: A): R
}

/**
 * Sees to it, once an isolate, that contexts are carried through asynchronous code: where the application has
 * registered no context manager, one on AsyncLocalStorage is, if the runtime has that. Once more where that was disabled.
 */
export function ensureContextManager(): void {
  if (isolate.managed !== undefined) return
  // Without a manager, whatever runs in a context still finds itself in the root.
  isolate.managed = untraced(() => context.active()) !== ROOT_CONTEXT
  if (isolate.managed) return
  const storage = contextStorage()
  if (storage && (isolate.managed = context.setGlobalContextManager(managerOf(storage)))) isolate.storage = storage
}

/**
 * A new AsyncLocalStorage; `undefined` where the runtime has none. There is no import of `node:async_hooks`, which most
 * edge runtimes do not have, while some have only the global.
 */
export function contextStorage(): ContextStorage | undefined {
  const AsyncLocalStorage = storageClass()
  return AsyncLocalStorage && new AsyncLocalStorage()
}

// The global first: Next's edge runtime has one, and throws where Node is asked for its own.
function storageClass(): Hooks['AsyncLocalStorage'] {
  const { process, AsyncLocalStorage } = globalThis as Hooks & { process?: { getBuiltinModule?(id: string): Hooks | undefined } }
  return AsyncLocalStorage ?? process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage
}

// Node 24 loads it when it is first asked for. If that is within a request, V8 gives up compiling what enters contexts, and
// tries again for ever: a fifth of a server's throughput.
storageClass()

interface Hooks {
  AsyncLocalStorage?: new () => ContextStorage
}

function managerOf(storage: ContextStorage): ContextManager {
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (context, fn, thisArg, ...args) => storage.run(context, Reflect.apply, fn, thisArg, args) as never,
    // A proxy, since callers may look at a callback's length. Event emitters are returned as they are: their listeners run
    // in the context of whoever emits. OpenTelemetry's own manager patches them, which is for applications to register.
    bind: (context, target) =>
      typeof target === 'function'
        ? new Proxy(target, { apply: (fn, self, args) => storage.run(context, () => Reflect.apply(fn, self, args)) })
        : target,
    enable: () => manager,
    // By test suites, between their tests: the next invocation finds that there is none.
    disable() {
      isolate.managed = isolate.storage = undefined
      return manager
    },
  }
  return manager
}
