/**
 * Contexts across asynchronous code, for applications that have not set that up themselves.
 *
 * @module
 */
import { type Context, type ContextManager, ROOT_CONTEXT, context, createContextKey } from '@opentelemetry/api'
import { isolate } from './isolate.ts'

/**
 * Sees to it, once an isolate, that contexts are carried through asynchronous code: where the application has
 * registered no context manager, one on AsyncLocalStorage is, if the runtime has that.
 */
export function ensureContextManager(): void {
  if (isolate.contextReady) return
  isolate.contextReady = true
  const probe = createContextKey('flushed.probe')
  if (context.with(ROOT_CONTEXT.setValue(probe, true), () => context.active().getValue(probe) === true)) return
  const manager = makeManager()
  if (manager && context.setGlobalContextManager(manager)) isolate.manager = manager
}

/** A context manager that can also make a context the active one from here on. */
export interface EnterableManager extends ContextManager {
  enter(context: Context): void
}

/** A manager on AsyncLocalStorage, registered nowhere; `undefined` where the runtime has none. */
export function makeManager(): EnterableManager | undefined {
  const Storage = asyncLocalStorage()
  return Storage && new AsyncContextManager(new Storage<Context>())
}

interface Storage<T> {
  getStore(): T | undefined
  enterWith(store: T): void
  run<R, A extends unknown[]>(store: T, callback: (...args: A) => R, ...args: A): R
}

type StorageConstructor = new <T>() => Storage<T>

// No import of `node:async_hooks`: most edge runtimes do not have it, and some have only the global.
function asyncLocalStorage(): StorageConstructor | undefined {
  const { AsyncLocalStorage, process } = globalThis as {
    AsyncLocalStorage?: StorageConstructor
    process?: { getBuiltinModule?(id: string): { AsyncLocalStorage?: StorageConstructor } | undefined }
  }
  return AsyncLocalStorage ?? process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage
}

class AsyncContextManager implements EnterableManager {
  readonly #storage: Storage<Context>

  constructor(storage: Storage<Context>) {
    this.#storage = storage
  }

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT
  }

  enter(context: Context): void {
    this.#storage.enterWith(context)
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    const bound = thisArg === undefined ? fn : (fn.bind(thisArg) as F)
    return this.#storage.run(context, bound, ...args)
  }

  // Event emitters are returned as they are: AsyncLocalStorage follows their listeners by itself.
  bind<T>(context: Context, target: T): T {
    if (typeof target !== 'function') return target
    const storage = this.#storage
    const bound = function (this: unknown, ...args: unknown[]) {
      return storage.run(context, () => target.apply(this, args))
    }
    return Object.defineProperty(bound, 'length', { value: target.length, configurable: true }) as T
  }

  enable(): this {
    return this
  }

  disable(): this {
    return this
  }
}
