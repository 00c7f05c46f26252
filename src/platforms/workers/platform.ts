import { within } from '../../core/current.ts'
import type { AnyFunction } from '../../core/layer.ts'
import { invoke } from '../../core/lifecycle.ts'
import type { Config } from '../../core/options.ts'
import type { Platform } from '../../core/platform.ts'
import { read } from '../../core/reading.ts'
import { onceSent } from '../../web/lifetime.ts'
import { arrive, heed, requestScope } from '../../web/scope.ts'
import { streaming } from '../../web/streaming.ts'
import { type KeepingContext, track } from '../../web/track.ts'
import { describe } from './describe.ts'
import type { WorkerContext } from './types.ts'

/** Workers' own options, checked and complete. */
export interface Settings {
  readonly config: Config
  readonly idleMs: number
}

/** Calls the wrapped function: as an invocation if there are settings, otherwise directly. */
export const call = (
  found: Settings | undefined,
  platformOf: (found: Settings) => Platform,
  handler: AnyFunction,
  self: unknown,
  args: unknown[],
): unknown =>
  found ? invoke({ config: found.config, platform: platformOf(found) as never }, handler, self, args) : Reflect.apply(handler, self, args)

/** The platform of one event of a Worker. */
export function workers(event: string, { config, idleMs }: Settings, ctx: Partial<WorkerContext> | undefined): Platform {
  let waitUntil: KeepingContext['waitUntil'] | undefined
  const keeps = () => waitUntil !== undefined && config.flush !== 'before-response'
  return {
    name: 'workers',
    describe: (args, active) => describe(event, args, active),
    begun([request], invocation) {
      arrive(invocation)
      // A Durable Object has one context for all its invocations.
      if (ctx?.waitUntil) waitUntil = track(ctx as WorkerContext, invocation, ctx.id !== undefined)
      if (event === 'fetch') heed(request as Request, invocation, ctx)
    },
    ...requestScope(() =>
      keeps() ? { phase: 'after-response', apart: true, hold: (finish) => waitUntil?.(onceSent(finish)) } : undefined,
    ),
    ...(event === 'fetch' && streaming(idleMs, keeps, ([request]) => request as Request)),
    ...(event === 'tailStream' && { follow: followTail }),
  }
}

/** Runs what a `tailStream` returns as a part of its invocation. It is called as events come, so what it records is late. */
const followTail: NonNullable<Platform['follow']> = async (result, invocation, over) => {
  await over()
  const bound = (handler: unknown) =>
    typeof handler === 'function' ? (...args: unknown[]) => within(invocation, () => Reflect.apply(handler, result, args) as unknown) : handler
  // A proxy of a copy: for a property that cannot be changed, a proxy must return the property's own value.
  return result && typeof result === 'object' ? new Proxy({ ...result }, { get: (_, key) => bound(read(result, key)) }) : bound(result)
}
