/**
 * What the whole isolate shares: plain data only, since on workerd no promise, timer or I/O object may cross from one request
 * to another. It is stored on `globalThis` because a program may well hold two copies of this package (ESM and CommonJS, or
 * two bundles), which must still see each other's invocations.
 *
 * @module
 */
import type { ContextStorage } from './context-manager.ts'
import type { Clock, FlushReport, SpanOwner } from './types.ts'

interface Isolate {
  /** The clock that replaces the system's in tests. */
  clock?: Clock | undefined
  /**
   * The live invocations. An array, since there are few. A Map or Set that lives long while its entries come and go leaves a
   * chain of outgrown tables behind, through which the entries survive the garbage collector's quick rounds.
   */
  live: SpanOwner[]
  /** The invocation for which something is running synchronously right now. */
  running?: SpanOwner | undefined
  /** The last flush, until the next root span has reported it. */
  previous?: Pick<FlushReport, 'outcome' | 'durationMs'> | undefined
  /** Whether contexts are carried through asynchronous code; absent until that has been checked. */
  managed?: boolean | undefined
  /** The storage behind the context manager, if the manager is ours. */
  storage?: ContextStorage | undefined
  /** Our storage beside the application's manager, once a context had to be entered, which that manager cannot do. */
  aside?: ContextStorage | undefined
  /** Keys of the warnings that are given once in an isolate. */
  warned: Set<string>
}

const KEY = Symbol.for('flushed.isolate.1')

const holder = globalThis as { [KEY]?: Isolate }

/** The state of this isolate. */
export const isolate: Isolate = (holder[KEY] ??= { live: [], warned: new Set() })

/**
 * Runs the synchronous part of something as the given invocation. For a handler, this applies only where no context carries
 * the invocation: a handler that leaves its context does so on purpose.
 */
export function running<T>(invocation: SpanOwner | undefined, run: () => T, always = !isolate.managed): T {
  const before = isolate.running
  isolate.running = always ? invocation : undefined
  try {
    return run()
  } finally {
    isolate.running = before
  }
}

/** Removes an item, and returns whether it was there. The last item gets its place, since `splice` makes another array. */
export function remove<T>(list: T[], item: T): boolean {
  const at = list.indexOf(item)
  if (at < 0) return false
  const last = list.pop() as T
  if (at < list.length) list[at] = last
  return true
}

/** Whether this is the first call with this key in the isolate. */
export const once = (key: string): boolean => isolate.warned.size < isolate.warned.add(key).size
