/**
 * Servers behind AWS Lambda Web Adapter, an extension that makes an HTTP request of each invocation of the function. The server
 * runs in a process of its own, which Lambda freezes after the response, unless it has registered as an extension as well.
 *
 * @module
 */
import { leave } from '../core/finish.ts'
import type { InvocationState } from '../core/invocation.ts'
import type { Lifetime } from '../core/platform.ts'
import { MARGIN_MS } from '../core/remaining.ts'
import { untraced } from '../core/suppress.ts'
import { heldLifetime, shared } from './extension.ts'

/** When the function times out, by the first argument of an invocation. */
const deadlines = new WeakMap<object, number>()

/** Milliseconds to the function's timeout, less a margin. `Infinity` for what is no invocation of the adapter's. */
export const remainingMs = ([first]: readonly unknown[]): number => (deadlines.get(first as object) ?? Infinity) - Date.now() - MARGIN_MS

/** Leaves what comes before the first invocation, such as the adapter's check whether the server is ready, to the next flush. */
const LEFT: Lifetime = { phase: 'background', hold: (_finish, invocation) => leave(invocation) }

/**
 * What a request may do after its response. The extension holds the sandbox for it.
 *
 * @returns `undefined` if no extension does
 */
export function adaptedLifetime({ args, root }: InvocationState): Lifetime | undefined {
  // Makes the extension wait for this invocation, and for all that follow.
  shared.untraced ??= untraced
  const { extension, failure } = shared
  if (extension?.events !== 'invoke' || failure) return undefined
  // Requests that the server makes to itself are a part of the invocation as well.
  const { current } = extension
  if (!current) return LEFT
  const { requestId, deadlineMs } = current
  extension.begun(requestId)
  root.setAttribute('faas.invocation_id', requestId)
  deadlines.set(args[0] as object, deadlineMs)
  return heldLifetime(extension, requestId)
}
