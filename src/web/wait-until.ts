/**
 * What keeps a function alive after its response: each platform has its own way, and some have none.
 *
 * @module
 */
import type { InvocationState } from '../core/invocation.ts'
import { hasMethod } from '../core/reading.ts'
import { type KeepingContext, track } from './track.ts'

/** Makes the platform keep the function alive until `work` is over. */
export type WaitUntil = (work: Promise<void>) => unknown

interface Globals {
  /** Vercel's, and Next's name for the same. Sources: `@vercel/functions` 3; Next 16, `server/after/builtin-request-context`. */
  [request: symbol]: { get?(): unknown } | undefined
  /** On Vercel and in Next a string, on Supabase an object. Source: Supabase, "Background Tasks". */
  EdgeRuntime?: unknown
  /** Source: bunny.net, "Edge Scripting", "Runtime". */
  Bunny?: { v1?: unknown }
}

const VERCEL = Symbol.for('@vercel/request-context')
const NEXT = Symbol.for('@next/request-context')

/** What `flushed` looks for, in the words of a warning. */
export const LOOKED_FOR =
  'no argument of the handler has `waitUntil`, nor do the options, a request context of Vercel or Next, `EdgeRuntime` (Supabase) or `Bunny.v1`'

/**
 * The `waitUntil` of a request: that of an argument (contexts of Netlify, Cloudflare and Next, Fastly's event), the given
 * one, or that of the platform. `undefined` if there is none.
 */
export function waitUntilOf(args: readonly unknown[], given: WaitUntil | undefined, invocation: InvocationState): WaitUntil | undefined {
  const context = contextOf(args)
  if (context) return track(context, invocation)
  if (given) return given
  const { [VERCEL]: vercel, [NEXT]: next, EdgeRuntime, Bunny } = globalThis as Globals
  const platform = [vercel?.get?.(), next?.get?.(), EdgeRuntime, Bunny?.v1].find(isContext)
  return platform && track(platform, invocation, true)
}

/** The argument that keeps the function alive: the last, because a request of Next may have a `waitUntil` that only complains. */
export const contextOf = (args: readonly unknown[]): (KeepingContext & { readonly id?: unknown }) | undefined => args.findLast(isContext)

const isContext = (value: unknown): value is KeepingContext => hasMethod(value, 'waitUntil')
