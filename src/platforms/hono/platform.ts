import type { Span } from '@opentelemetry/api'
import { toError } from '../../core/errors.ts'
import { AWAIT } from '../../core/finish.ts'
import type { Config } from '../../core/options.ts'
import type { Lifetime, Platform } from '../../core/platform.ts'
import { recordError } from '../../core/span.ts'
import { lifetimeOf } from '../../web/lifetime.ts'
import { describeRequest } from '../../web/request.ts'
import { isResponse, reflectResponse } from '../../web/response.ts'
import { requestScope, touch } from '../../web/scope.ts'
import { streaming } from '../../web/streaming.ts'
import type { WaitUntil } from '../../web/wait-until.ts'
import type { HonoContext } from './context.ts'

/** The options of Hono's own, checked and complete. */
export interface Settings {
  readonly config: Config
  readonly idleMs: number
  readonly waitUntil: WaitUntil | undefined
}

/** What adapters of platforms hand to an application as its bindings. */
interface Bindings {
  /** Sources: `hono/aws-lambda`, `handle`. */
  readonly lambdaContext?: unknown
  /** AWS Lambda's, of `streamHandle` and `hono/lambda-edge`; Netlify's, which has a `waitUntil`. */
  readonly context?: unknown
}

/** AWS Lambda's context, as far as it is used. */
interface LambdaLike {
  readonly awsRequestId?: unknown
  getRemainingTimeInMillis(): number
}

/** What a place has of its own. */
type Place = Omit<Platform, 'name' | 'reflect'>

/** What is peculiar to one request to an application of Hono, wherever that runs. */
export function hono(settings: Settings, c: HonoContext): Platform {
  const lambda = lambdaOf(c.env as Bindings | undefined)
  const node = nodeOf(c)
  const place = lambda ? onLambda(lambda, settings, c) : node ? onNode(node, settings) : elsewhere(settings, c)
  return { name: 'hono', ...place, reflect: (root, _description, response) => reflect(root, response, c.error) }
}

/** Reflects on a span what a request has come to. What was thrown Hono has made into a response. */
export function reflect(span: Span, response: unknown, error: Error | undefined): void {
  reflectResponse(span, response)
  if (!error) return
  if (!isResponse(response) || response.status >= 500) recordError(span, error)
  // An answer like any other, which somebody has thrown: no error of the server's.
  else span.recordException(toError(error))
}

function elsewhere({ config, idleMs, waitUntil }: Settings, c: HonoContext): Place {
  let lifetime: Lifetime | undefined
  return {
    describe: (_args, active) => describeRequest(c.req.raw, active),
    begun(_args, invocation) {
      touch(invocation)
      if (config.flush !== 'before-response') lifetime = lifetimeOf(contextsOf(c), waitUntil, invocation)
    },
    // Some of where it runs is workerd, and some its like.
    ...requestScope(() => lifetime),
    follow: streaming(idleMs, () => lifetime?.phase === 'after-response', () => c.req.raw).follow,
  }
}

/** What may have a `waitUntil`: the execution context, and what Netlify's adapter has of its own. */
export const contextsOf = (c: HonoContext): unknown[] => [executionOf(c), (c.env as Bindings | undefined)?.context]

function executionOf(c: HonoContext): unknown {
  try {
    return c.executionCtx
  } catch {
    return undefined
  }
}

/** Milliseconds before the function's timeout by which the flush is over, so that the response can still be sent. */
const MARGIN_MS = 50
const OUTSIDE = "a middleware is too far inside: `withTelemetry(handle(app))` of 'flushed/lambda' can"

const onLambda = (context: LambdaLike, { idleMs }: Settings, c: HonoContext): Place => ({
  describe(_args, active) {
    const description = describeRequest(c.req.raw, active)
    if (typeof context.awsRequestId === 'string') description.attributes['faas.invocation_id'] = context.awsRequestId
    return description
  },
  remainingMs: () => context.getRemainingTimeInMillis() - MARGIN_MS,
  lifetime: () => ({ ...AWAIT, reason: OUTSIDE }),
  follow: streaming(idleMs, () => false, () => c.req.raw).follow,
})

const onNode = ({ incoming }: NodeBindings, { server }: Settings): Place => ({
  ...server,
  describe: (_args, active) => describeIncoming(incoming, active),
})

const lambdaOf = (env: Bindings | undefined): LambdaLike | undefined => [env?.lambdaContext, env?.context].find(isLambda)

const isLambda = (value: unknown): value is LambdaLike =>
  typeof (value as Partial<LambdaLike> | undefined | null)?.getRemainingTimeInMillis === 'function'
