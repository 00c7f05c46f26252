/**
 * Whether Next is prerendering: at the build, and in a running server when its copy of a route is out of date or missing.
 *
 * Next has no public way to tell: `NEXT_PHASE` covers only the build, and reading whatever differs in a request makes the route
 * dynamic. So this module looks where Next itself looks. With a version of Next that keeps it elsewhere, this module sees no
 * prerendering: handlers are wrapped as usual, which makes routes dynamic that would be static.
 *
 * @module
 */
import { type AnyFunction, dressed } from '../../core/layer.ts'

/** Next's `AsyncLocalStorage` of what it is working on. */
interface WorkUnits {
  getStore(): { readonly type: string } | undefined
}

const NAME = 'work-unit-async-storage'

/** Looked for once: `next/server`, which this entry imports, has loaded it by the first call. */
let workUnits: WorkUnits | null | undefined

function find(): WorkUnits | undefined {
  const key = Object.getOwnPropertySymbols(globalThis).find(({ description }) => description?.startsWith(`@next/${NAME}@`))
  if (key) return (globalThis as unknown as Record<symbol, WorkUnits>)[key]
  // Older versions have it in a module. Take that module from those loaded, and do not require it: a bundler would put a copy of
  // it into its bundle, and the folder from which to resolve Next is unknown.
  const { process } = globalThis
  const { cache } = process.getBuiltinModule('module').createRequire('/')
  const loaded = Object.entries(cache).find(([path]) => path.endsWith(`${NAME}.external.js`))?.[1]
  return (loaded?.exports as { workUnitAsyncStorage: WorkUnits } | undefined)?.workUnitAsyncStorage
}

/** Whether this call is part of a prerender. Never throws. */
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
 * Calls `handler` in place of `inner` while Next prerenders. No client has made that request, and reading its URL or its headers,
 * the clock or something random makes the route dynamic, even if what Next then throws is caught.
 */
export const unlessPrerendered = (inner: AnyFunction, handler: AnyFunction): AnyFunction =>
  dressed(async function (this: unknown, ...args: unknown[]) {
    return Reflect.apply(prerenders() ? handler : inner, this, args)
  }, inner)
