import * as ATTRIBUTE from '../core/attributes.ts'
import { within } from '../core/current.ts'
import { CHECKS, checkOptions } from '../core/options.ts'
import { recordError } from '../core/span.ts'
import type { Platform } from '../core/platform.ts'
import { follow } from './body.ts'
import { reflectResponse } from './response.ts'
import { touch } from './scope.ts'

/** Options of handlers that answer requests. */
export interface StreamingOptions {
  /**
   * Milliseconds without a byte after which a streamed body is taken to have ended, and its invocation with it.
   *
   * @default 30000
   */
  streamIdleMs?: number | undefined
}

/** Checks `streamIdleMs`, and returns it or its default. @throws TypeError quoting the value */
export function idleMsOf({ streamIdleMs = 30_000 }: StreamingOptions): number {
  checkOptions({ streamIdleMs }, { streamIdleMs: CHECKS.timeoutMs })
  return streamIdleMs
}

/**
 * The part of a platform that all requests share: the response's status is reflected on the root span, which ends when
 * the response's body ends.
 *
 * @param keeps whether the platform keeps going for background work
 */
export const streaming = (
  idleMs: number,
  keeps: () => boolean,
  requestOf: (args: readonly unknown[]) => Request | undefined,
): Pick<Platform, 'reflect' | 'follow'> => ({
  reflect: (root, _description, result) => reflectResponse(root, result),
  follow(result, invocation, over) {
    const { root, args } = invocation
    invocation.lasting = (result as Partial<Response> | null | undefined)?.status === 101
    const request = requestOf(args)
    return follow(result, request?.method, {
      idleMs,
      signal: request?.signal,
      touched: (byMs) => (invocation.expiresAt = byMs),
      within: (run) => within(invocation, run),
      keep: keeps() ? (work) => invocation.waitUntil(work) : undefined,
      ended(how, error) {
        // The invocation's background work still gets its full time.
        touch(invocation)
        if (how === 'failed') recordError(root, error)
        else if (how !== 'finished') root.setAttribute(ATTRIBUTE.responseStream, how)
        return over()
      },
    })
  },
})
