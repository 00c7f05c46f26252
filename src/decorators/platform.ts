/**
 * What a platform's context says about the platform, for methods that do not use the platform's own wrap.
 *
 * @module
 */
import { type Attributes, type Context, SpanKind } from '@opentelemetry/api'
import { AWAIT } from '../core/finish.ts'
import type { Config } from '../core/options.ts'
import type { Lifetime, Platform } from '../core/platform.ts'
import { MARGIN_MS, type TimedContext, isLambdaContext, leftAtFirstMs, leftMs } from '../core/remaining.ts'
import { attempt } from '../core/report.ts'
import { untraced } from '../core/suppress.ts'
import { within } from '../web/lifetime.ts'
import { heldLifetime, shared } from '../server/extension.ts'
import { arrive, requestScope } from '../web/scope.ts'
import { type KeepingContext, track } from '../web/track.ts'
import type { Call } from './decorator.ts'
import { hasMethod, read } from '../core/reading.ts'

// Stubs of remote objects have every method that they are asked for, even one named `flushed`.
const isPlatformContext = (value: unknown): value is object =>
  (isLambdaContext(value) || hasMethod(value, 'waitUntil')) && !hasMethod(value, 'flushed')

/**
 * The platform's context of a call: the last argument that is one, or else the owner's `ctx`. The last one counts, since
 * requests of Next have a `waitUntil` that only complains.
 */
export const contextOf = ({ args, owner }: Call): object | undefined => [read(owner, 'ctx'), ...args].findLast(isPlatformContext)

/** Makes an extension of Lambda wait for a method's calls, from the first one on: the extension asks before the first call. */
export const expected = (): unknown => (shared.untraced ??= untraced)

/** The platform of one call of a method. */
export function platformOf(found: object | undefined, config: Config): Platform {
  const platform = { name: 'decorators', describe: (_args: unknown, parent: Context) => describe(parent) }
  if (isLambdaContext(found)) return { ...platform, ...onLambda(found, config) }
  return found ? { ...platform, ...onRequest(found as KeepingContext & { id?: unknown }, config) } : platform
}

const describe = (parent: Context, kind = SpanKind.INTERNAL, attributes: Attributes = {}) => ({ name: '', kind, attributes, links: [], parent })

function onLambda(found: TimedContext, { flush }: Config): Partial<Platform> {
  const id = read(found, 'awsRequestId')
  const requestId = typeof id === 'string' ? id : ''
  return {
    describe: (_args, parent) => describe(parent, SpanKind.SERVER, requestId ? { 'faas.invocation_id': requestId } : {}),
    begun() {
      shared.extension?.begun(requestId)
      leftAtFirstMs(found)
    },
    remainingMs: () => leftMs(found) - MARGIN_MS,
    lifetime() {
      const { extension } = shared
      if (extension && flush !== 'before-response' && extension.holds(requestId)) return heldLifetime(extension, requestId)
      extension?.done(requestId)
      return AWAIT
    },
  }
}

function onRequest(found: KeepingContext & { readonly id?: unknown }, { flush }: Config): Partial<Platform> {
  let lifetime: Lifetime | undefined
  return {
    begun(_args, invocation) {
      arrive(invocation)
      // A Durable Object has one context for all its invocations.
      const waitUntil = track(found, invocation, found.id !== undefined)
      if (flush !== 'before-response') lifetime = within(waitUntil)
    },
    ...requestScope(() => lifetime),
  }
}

/** Calls the `context` option. Like any other function of the program's, it must not affect the result. */
export const contextBy = (option: (this: unknown, ...args: unknown[]) => unknown, { owner, args }: Call, config: Config): object | undefined => {
  const found = attempt(config, '`context`', () => Reflect.apply(option, owner, args))
  return isPlatformContext(found) ? found : undefined
}
