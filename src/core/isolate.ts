/**
 * What the whole isolate shares: plain data only, since no promise, timer or I/O object may cross from one request to
 * another on workerd. It hangs on `globalThis` because a program may well hold two copies of this package (ESM and
 * CommonJS, or two bundles), which must still see each other's invocations.
 *
 * @module
 */
import type { ContextStorage } from './context-manager.ts'
import type { Clock, FlushReport, SpanOwner } from './types.ts'

interface Isolate {
  /** The clock that stands in for the system's, in tests. */
  clock?: Clock | undefined
  /**
   * The live invocations. An array, for there are few, and a Map or Set that lives long while its entries come and go
   * leaves a chain of outgrown tables behind, through which they survive the garbage collector's quick rounds.
   */
  live: SpanOwner[]
  /** The invocation that something is running synchronously for right now. */
  running?: SpanOwner | undefined
  /** The last flush, until the next root span has reported it. */
  previous?: Pick<FlushReport, 'outcome' | 'durationMs'> | undefined
  /** Whether contexts are carried through asynchronous code; absent until that has been looked for. */
  managed?: boolean | undefined
  /** What is behind the context manager, where that is ours. */
  storage?: ContextStorage | undefined
  /** A storage of ours beside the application's manager, once something had to be entered that the latter cannot enter. */
  aside?: ContextStorage | undefined
  /** Warnings that are given once an isolate. */
  warned: Set<string>
}

const KEY = Symbol.for('flushed.isolate.1')

const holder = globalThis as { [KEY]?: Isolate }

/** The state of this isolate. */
export const isolate: Isolate = (holder[KEY] ??= { live: [], warned: new Set() })

/**
 * Runs the synchronous part of something as the given invocation. Of a handler, only where no context tells: one that leaves
 * its context does so on purpose.
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

/** Takes an item out, and tells whether it was there. The last one gets its place: to splice makes another array. */
export function remove<T>(list: T[], item: T): boolean {
  const at = list.indexOf(item)
  if (at < 0) return false
  const last = list.pop() as T
  if (at < list.length) list[at] = last
  return true
}

/** Whether this is the first call with this key in the isolate. */
export const once = (key: string): boolean => isolate.warned.size < isolate.warned.add(key).size
