/**
 * Carries contexts through asynchronous code, for applications that have not set that up themselves.
 *
 * @module
 */
import { type Context, type ContextManager, ROOT_CONTEXT, context } from '@opentelemetry/api'
import { isolate } from './isolate.ts'
import { untraced } from './suppress.ts'

/** The part of an AsyncLocalStorage that the package uses. */
export interface ContextStorage {
  getStore(): Context | undefined
  enterWith(context: Context): void
  run<R, A extends unknown[]>(context: Context, callback: (...args: A) => R, ...args: A): R
}

/**
 * Makes sure, once in an isolate, that contexts are carried through asynchronous code. If the application has registered no
 * context manager, this registers one on AsyncLocalStorage, where the runtime has that. If that manager has been disabled, the
 * next call registers one again.
 */
export function ensureContextManager(): void {
  if (isolate.managed !== undefined) return
  // Without a manager, code that runs in a context still finds the root context active.
  isolate.managed = untraced(() => context.active()) !== ROOT_CONTEXT
  if (isolate.managed) return
  const storage = contextStorage()
  if (storage && (isolate.managed = context.setGlobalContextManager(managerOf(storage)))) isolate.storage = storage
}

/**
 * Returns a new AsyncLocalStorage, or `undefined` where the runtime has none. `node:async_hooks` is not imported: most edge
 * runtimes do not have it, and some have only the global.
 */
export function contextStorage(): ContextStorage | undefined {
  const AsyncLocalStorage = storageClass()
  return AsyncLocalStorage && new AsyncLocalStorage()
}

// The global comes first: Next's edge runtime has one, and throws if Node's own is asked for.
function storageClass(): Hooks['AsyncLocalStorage'] {
  const { process, AsyncLocalStorage } = globalThis as Hooks & { process?: { getBuiltinModule?(id: string): Hooks | undefined } }
  return AsyncLocalStorage ?? process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage
}

// Ask for the class once at load: Node 24 loads it when it is first asked for. If that happens within a request, V8 gives up
// compiling the code that enters contexts, and tries again for ever, which costs a fifth of a server's throughput.
storageClass()

interface Hooks {
  AsyncLocalStorage?: new () => ContextStorage
}

function managerOf(storage: ContextStorage): ContextManager {
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (context, fn, thisArg, ...args) => storage.run(context, Reflect.apply, fn, thisArg, args) as never,
    // Returns a proxy, since callers may look at a callback's length. Event emitters are returned as they are: their listeners
    // run in the context of whoever emits. OpenTelemetry's own manager patches emitters: it is up to applications to register it.
    bind: (context, target) =>
      typeof target === 'function'
        ? new Proxy(target, { apply: (fn, self, args) => storage.run(context, () => Reflect.apply(fn, self, args)) })
        : target,
    enable: () => manager,
    // Test suites call this between their tests: the next invocation then finds that there is no manager.
    disable() {
      isolate.managed = isolate.storage = undefined
      return manager
    },
  }
  return manager
}
