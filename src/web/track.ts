import { currentInvocation } from '../core/current.ts'
import type { InvocationState } from '../core/invocation.ts'

/** A context whose `waitUntil` keeps an invocation going. */
export interface KeepingContext {
  waitUntil: (work: Promise<unknown>) => unknown
}

/** The original `waitUntil` of each context. */
const originals = new WeakMap<KeepingContext, KeepingContext['waitUntil']>()

/**
 * Makes invocations know what their code passes to a context's `waitUntil`.
 *
 * @param shared whether several invocations share the context: if the current one is unknown, it may be any of them
 * @returns the original `waitUntil`
 */
export function track(context: KeepingContext, invocation: InvocationState, shared = false): KeepingContext['waitUntil'] {
  const known = originals.get(context)
  if (known) return known
  // A platform's `waitUntil` refuses to be called on anything but its context.
  const original = context.waitUntil.bind(context)
  originals.set(context, original)
  // A shared context lives longer than its first invocation, and this function must not keep that one.
  const only = shared ? undefined : invocation
  const waitUntil = (work: Promise<unknown>) => {
    original(work)
    const current = currentInvocation() ?? only
    current?.waitUntil(work)
  }
  // If `waitUntil` cannot be replaced, the work stays unknown, like any other work that the invocation is not told of.
  Reflect.defineProperty(context, 'waitUntil', { value: waitUntil, writable: true, configurable: true })
  return original
}
