/**
 * Who keeps a function alive after its response: there is one way for each platform, and none on some.
 *
 * @module
 */

/** Has the platform keep the function alive until `work` is over. */
export type WaitUntil = (work: Promise<void>) => unknown

interface Context {
  waitUntil?: unknown
}

interface Globals {
  /** Vercel's, and Next's name for the same. Source: `@vercel/functions` 3, Next 16 `server/after/builtin-request-context`. */
  [vercel: symbol]: { get?(): Context | undefined } | undefined
  /** On Vercel and in Next the runtime's name, on Supabase an object. Source: Supabase, "Background Tasks". */
  EdgeRuntime?: string | Context
  /** Source: bunny.net, "Edge Scripting: Runtime". */
  Bunny?: { v1?: Context }
}

const NEXT = Symbol.for('@next/request-context')
const VERCEL = Symbol.for('@vercel/request-context')

/** What is looked at, in the words of a warning. */
export const LOOKED_FOR =
  'no argument of the handler has `waitUntil`, nor is there a `waitUntil` option, a request context of Vercel or Next, ' +
  '`EdgeRuntime.waitUntil` (Supabase) or `Bunny.v1.waitUntil`'

/**
 * The `waitUntil` of this request: that of an argument (Cloudflare's, Netlify's and Next's contexts, Fastly's event), the
 * given one, or that of the platform. `undefined` where there is none.
 */
export function waitUntilOf(args: readonly unknown[], given?: WaitUntil): WaitUntil | undefined {
  const { [VERCEL]: vercel, [NEXT]: next, EdgeRuntime, Bunny } = globalThis as Globals
  return bound(args) ?? given ?? bound([vercel?.get?.(), next?.get?.(), EdgeRuntime, Bunny?.v1])
}

// Called on its context, since those of the platforms are "illegal invocations" otherwise.
function bound(contexts: readonly unknown[]): WaitUntil | undefined {
  const context = contexts.find((each) => typeof (each as Context | undefined)?.waitUntil === 'function')
  return context ? (work) => (context as { waitUntil: WaitUntil }).waitUntil(work) : undefined
}
