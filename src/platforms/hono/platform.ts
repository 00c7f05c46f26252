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

type Place = Pick<Platform, 'timers' | 'remainingMs' | 'lifetime' | 'begun'> & { keeps(): boolean }

/** What is peculiar to one request to an application of Hono, wherever that runs. */
export function hono(settings: Settings, c: HonoContext): Platform {
  const lambda = lambdaOf(c.env as Bindings | undefined)
  const { keeps, ...place } = lambda ? onLambda(lambda) : elsewhere(settings, c)
  return {
    name: 'hono',
    describe(_args, active) {
      const description = describeRequest(c.req.raw, active)
      if (lambda && typeof lambda.awsRequestId === 'string') description.attributes['faas.invocation_id'] = lambda.awsRequestId
      return description
    },
    ...place,
    ...streaming(settings.idleMs, keeps, () => c.req.raw),
    reflect: (root, _description, response) => reflect(root, response, c.error),
  }
}

/** Reflects on a span what a request has come to. What was thrown Hono has made into a response. */
export function reflect(span: Span, response: unknown, error: Error | undefined): void {
  reflectResponse(span, response)
  if (!error) return
  if (!isResponse(response) || response.status >= 500) recordError(span, error)
  // An answer like any other, which somebody has thrown: no error of the server's.
  else span.recordException(toError(error))
}

function elsewhere({ config, waitUntil }: Settings, c: HonoContext): Place {
  let lifetime: Lifetime | undefined
  return {
    begun(_args, invocation) {
      touch(invocation)
      const contexts = [executionOf(c), (c.env as Bindings | undefined)?.context]
      if (config.flush !== 'before-response') lifetime = lifetimeOf(contexts, waitUntil, invocation)
    },
    // Some of where it runs is workerd, and some its like.
    ...requestScope(() => lifetime),
    keeps: () => lifetime?.phase === 'after-response',
  }
}

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

const onLambda = (context: LambdaLike): Place => ({
  remainingMs: () => context.getRemainingTimeInMillis() - MARGIN_MS,
  lifetime: () => ({ ...AWAIT, reason: OUTSIDE }),
  keeps: () => false,
})

const lambdaOf = (env: Bindings | undefined): LambdaLike | undefined => [env?.lambdaContext, env?.context].find(isLambda)

const isLambda = (value: unknown): value is LambdaLike =>
  typeof (value as Partial<LambdaLike> | undefined | null)?.getRemainingTimeInMillis === 'function'
