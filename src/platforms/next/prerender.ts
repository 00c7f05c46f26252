/**
 * Whether Next prerenders: at the build, and in a running server when what it has is out of date or is missing.
 *
 * Next tells this nowhere in public: `NEXT_PHASE` is of the build alone, and whatever of a request differs makes the route
 * dynamic when it is looked at. So this looks where Next itself does. With a Next that keeps it elsewhere nothing prerenders,
 * as far as is known here: handlers are wrapped as ever, which makes routes dynamic that would be static.
 *
 * @module
 */
import { type AnyFunction, dressed } from '../../core/layer.ts'

/** Next's `AsyncLocalStorage` of what it is at work on. */
interface WorkUnits {
  getStore(): { readonly type: string } | undefined
}

const NAME = 'work-unit-async-storage'

/** Looked for once: `next/server`, which is imported here, has loaded it by the first call. */
let workUnits: WorkUnits | null | undefined

function find(): WorkUnits | undefined {
  const key = Object.getOwnPropertySymbols(globalThis).find(({ description }) => description?.startsWith(`@next/${NAME}@`))
  if (key) return (globalThis as unknown as Record<symbol, WorkUnits>)[key]
  // Older ones have it in a module. It is taken from those that are loaded, and not required: a bundler would put a copy of
  // it into its bundle, and from which folder Next is to be resolved is not known.
  const { process } = globalThis
  const { cache } = process.getBuiltinModule('module').createRequire('/')
  const loaded = Object.entries(cache).find(([path]) => path.endsWith(`${NAME}.external.js`))?.[1]
  return (loaded?.exports as { workUnitAsyncStorage: WorkUnits } | undefined)?.workUnitAsyncStorage
}

/** Whether this call is of a prerender. Never throws. */
export function prerenders(): boolean {
  try {
    if (workUnits === undefined) workUnits = find() ?? null
    return workUnits?.getStore()?.type.startsWith('prerender') === true
  } catch {
    workUnits ??= null
    return false
  }
}

/**
 * Calls `handler` in place of `inner` while Next prerenders. That is nobody's request, and whoever looks at its URL or its
 * headers, at the clock or for something random makes the route dynamic, even if what Next throws then is caught.
 */
export const unlessPrerendered = (inner: AnyFunction, handler: AnyFunction): AnyFunction =>
  dressed(async function (this: unknown, ...args: unknown[]) {
    return Reflect.apply(prerenders() ? handler : inner, this, args)
  }, inner)
