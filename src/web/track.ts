import { currentInvocation } from '../core/current.ts'
import type { InvocationState } from '../core/invocation.ts'

/** A context whose `waitUntil` keeps an invocation going. */
export interface KeepingContext {
  waitUntil: (work: Promise<unknown>) => unknown
}

/** What contexts had as `waitUntil`. */
const originals = new WeakMap<KeepingContext, KeepingContext['waitUntil']>()

/**
 * Has invocations know of what their code hands to a context's `waitUntil`.
 *
 * @param shared whether the context is of several invocations: one that is not known to be the current one may be any
 * @returns the `waitUntil` there was
 */
export function track(context: KeepingContext, invocation: InvocationState, shared = false): KeepingContext['waitUntil'] {
  const known = originals.get(context)
  if (known) return known
  // Those of platforms refuse to be called on anything but their context.
  const original = context.waitUntil.bind(context)
  originals.set(context, original)
  // A shared one lives longer than the first of its invocations, which this function must not keep.
  const only = shared ? undefined : invocation
  const waitUntil = (work: Promise<unknown>) => {
    original(work)
    const current = currentInvocation() ?? only
    current?.waitUntil(work)
  }
  // Where it cannot be replaced, that work is not known: then it is as any other that nobody has been told of.
  Reflect.defineProperty(context, 'waitUntil', { value: waitUntil, writable: true, configurable: true })
  return original
}
