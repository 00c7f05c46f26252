import type { Span } from '@opentelemetry/api'
import { toError } from '../../core/errors.ts'
import type { Wrap } from '../../core/lifecycle.ts'
import type { Config } from '../../core/options.ts'
import type { Lifetime, Platform } from '../../core/platform.ts'
import { recordError } from '../../core/span.ts'
import { lifetimeOf } from '../../web/lifetime.ts'
import { describeRequest } from '../../web/request.ts'
import { isResponse, reflectStatus } from '../../web/response.ts'
import { arrive, heed, requestScope } from '../../web/scope.ts'
import { streaming } from '../../web/streaming.ts'
import type { WaitUntil } from '../../web/wait-until.ts'
import type { HonoContext } from './context.ts'
import { lambdaOf, onLambda } from './lambda.ts'
import { UNSENT, isUpgraded, nodeOf } from './node.ts'

/** Hono's own options, checked and complete. */
export interface Settings {
  readonly config: Config
  readonly idleMs: number
  readonly waitUntil: WaitUntil | undefined
  /** The wrap of requests to a Node server: one for all of them, because they are flushed together. */
  readonly server: Wrap
}

type Args = readonly [c: HonoContext]

/** What is specific to a place where an application runs. */
export type Place = Omit<Platform<Args>, 'name' | 'reflect'>

/** The wrap of a request to a Hono application, wherever the application runs. */
export function wrapOf(settings: Settings, c: HonoContext): Wrap {
  const { config, server } = settings
  const lambda = lambdaOf(c)
  if (!lambda && nodeOf(c, config)) return server
  return { config, platform: hono(lambda ? onLambda(lambda, settings, c) : elsewhere(settings, c)) }
}

/** Makes a platform of a place. */
export const hono = (place: Place): Platform<Args> => ({
  name: 'hono',
  ...place,
  reflect(root, _description, response, [c]) {
    if (response !== UNSENT) reflect(root, response, c)
  },
})

/** Reflects on a span how a request ended. Hono has already made a response of what was thrown. */
export function reflect(span: Span, response: unknown, c: HonoContext): void {
  const { error } = c
  const status = isResponse(response) ? (isUpgraded(c, response) ? 101 : response.status) : 0
  if (status) reflectStatus(span, status)
  if (!error) return
  if (!status || status >= 500) recordError(span, error)
  // An ordinary answer that was thrown: not the server's error.
  else span.recordException(toError(error))
}

function elsewhere({ config, idleMs, waitUntil }: Settings, c: HonoContext): Place {
  let lifetime: Lifetime | undefined
  return {
    describe: (_args, active) => describeRequest(c.req.raw, active),
    begun(_args, invocation) {
      arrive(invocation)
      if (config.flush !== 'before-response') lifetime = lifetimeOf(contextsOf(c), waitUntil, invocation)
      heed(c.req.raw, invocation, executionOf(c))
    },
    // Some of the runtimes are workerd, and some behave like it.
    ...requestScope(() => lifetime),
    ...streaming(idleMs, () => lifetime?.phase === 'after-response', () => c.req.raw),
  }
}

/** What may have a `waitUntil`: the execution context, and the context that Netlify's adapter passes on. */
const contextsOf = (c: HonoContext): unknown[] => [executionOf(c), (c.env as { context?: unknown } | undefined)?.context]

function executionOf(c: HonoContext): { readonly id?: unknown } | undefined {
  try {
    return c.executionCtx as { readonly id?: unknown }
  } catch {
    return undefined
  }
}
