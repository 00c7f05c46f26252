/**
 * Enters a context, for callers that are told that a handler starts and that it has settled, but do not call the handler, and
 * so cannot run it in a context.
 *
 * @module
 */
import { type Context, ROOT_CONTEXT, createContextKey } from '@opentelemetry/api'
import { contextStorage, ensureContextManager } from './context-manager.ts'
import { isolate } from './isolate.ts'

interface Enterable {
  readonly context: Context
  /** Whether what has been begun is still live, and `context` still applies. */
  live(): boolean
}

interface Entry {
  readonly subject: unknown
  readonly outside: Context
}

const ENTRY = createContextKey('flushed.entry')

/**
 * Enters the context of what `begin` has begun: from here on, it is the context of the running asynchronous function, and of
 * everything that this function calls. An application's own context manager cannot enter a context. If there is one, the context
 * is entered beside it: it is not the active context, but the current invocation is found in it.
 *
 * The function's callers are in the context too, up to the first `await` on the way to each. They have left it once it is no
 * longer live. Until then, `subject` tells them apart: what begins in the context for another subject begins outside of it.
 *
 * @param subject what is being handled: the same for what belongs together, and for nothing else
 */
export function entering<B extends Enterable>(subject: unknown, begin: () => B | undefined): B | undefined {
  ensureContextManager()
  const storage = isolate.storage ?? (isolate.aside ??= contextStorage())
  if (!storage) return begin()
  const active = storage.getStore() ?? ROOT_CONTEXT
  const entry = active.getValue(ENTRY) as Entry | undefined
  // `outside` is never an `Entered` itself: each would keep the one before it in memory, for ever.
  const outside = entry && entry.subject !== subject ? entry.outside : active.setValue(ENTRY, entry)
  const begun = storage.run(outside, begin)
  try {
    if (begun) storage.enterWith(new Entered(begun, begun.context.setValue(ENTRY, { subject, outside }), outside))
  } catch {
    // workerd's AsyncLocalStorage cannot enter a context: go on as if there were no storage.
  }
  return begun
}

/** A context that is over when what it was made for is over. */
class Entered implements Context {
  readonly #begun: Enterable
  readonly #inside: Context
  readonly #outside: Context

  constructor(begun: Enterable, inside: Context, outside: Context) {
    this.#begun = begun
    this.#inside = inside
    this.#outside = outside
  }

  get #current(): Context {
    return this.#begun.live() ? this.#inside : this.#outside
  }

  getValue(key: symbol): unknown {
    return this.#current.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#current.setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    return this.#current.deleteValue(key)
  }
}
