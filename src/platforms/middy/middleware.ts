import { trace } from '@opentelemetry/api'
import type { Context as LambdaContext } from 'aws-lambda'
import { entering } from '../../core/enter.ts'
import { toError } from '../../core/errors.ts'
import { type Begun, type Settled, begin } from '../../core/lifecycle.ts'
import { attempt } from '../../core/report.ts'
import { type LambdaOptions, onLambda } from '../lambda/wrap.ts'
import { type Ending, observe } from './observe.ts'

/** The part of what middy passes to each hook that this middleware needs. */
export interface MiddyRequest<Event = unknown> extends Ending {
  event: Event
  context: LambdaContext
  // oxlint-disable-next-line typescript/no-empty-object-type -- middy's own "adds nothing to `request.internal`"
  internal: {}
}

/** A middy middleware, as `use()` takes it. No hook returns a value or throws, because either would become the response. */
export interface TelemetryMiddleware<Event = unknown> {
  readonly name: string
  before(request: MiddyRequest<Event>): void
  after(request: MiddyRequest<Event>): Promise<void>
  onError(request: MiddyRequest<Event>): Promise<void>
}

/** An open request, and the first error that it failed with. */
interface Open {
  readonly request: object
  readonly begun: Begun
  failure?: { readonly error: unknown }
}

/**
 * Makes a middleware for middy 6 and newer that does what `withTelemetry` of `flushed/lambda` does, as far as hooks can.
 *
 * Use it first, so that it is around all others. Use it only where you can add nothing but a middleware: hooks cannot run the
 * handler inside a context, and cannot wait for a flush if another middleware has answered early.
 *
 * The response and the error are middy's own, whatever the flush did.
 *
 * @param options the options of `flushed/lambda`
 * @throws TypeError if an option is unknown or has a bad value
 *
 * @example
 * export const handler = middy()
 *   .use(telemetry({ telemetry: pipeline }))
 *   .use(httpErrorHandler())
 *   .handler(async (event) => { … })
 */
export function telemetry<Event = unknown>(
  options?: LambdaOptions<[event: Event, context: LambdaContext]>,
): TelemetryMiddleware<NoInfer<Event>> {
  const wrap = onLambda(options)
  const { config } = wrap
  // An array, like the list of the live invocations, and for the same reasons.
  const requests: Open[] = []

  const settle = (request: MiddyRequest<Event>, how: Settled) => {
    const index = requests.findIndex((open) => open.request === request)
    const [open] = index < 0 ? [] : requests.splice(index, 1)
    if (!open) return
    recordFirst(open, how)
    return open.begun.settle(how)
  }

  /** Records the first error, which explains the failure: error handlers may have replaced it, or made a response of it. */
  const recordFirst = ({ begun, failure }: Open, how: Settled) => {
    if (!failure || ('thrown' in how && how.thrown === failure.error)) return
    attempt(config, 'recording the error', () => trace.getSpan(begun.context)?.recordException(toError(failure.error)))
  }

  const start = (request: MiddyRequest<Event>) => {
    // If the middleware is used twice, there still is one invocation.
    if (requests.some((open) => open.request === request)) return
    const { event, context } = request
    const begun = entering(context?.awsRequestId ?? context, () => begin(wrap, 'middy', [event, context]))
    if (!begun) return
    const open: Open = { request, begun }
    requests.push(open)
    // Nobody waits for these flushes: what the backend has not answered when the sandbox freezes goes with the next one.
    observe(request, {
      answered: (result) => void settle(request, { result }),
      failed: (error) => (open.failure = { error }),
      threw: (thrown) => void settle(request, { thrown }),
    })
  }

  return {
    name: 'flushed',
    before(request) {
      attempt(config, 'opening the invocation', () => start(request))
    },
    async after(request) {
      await settle(request, { result: request.response })
    },
    async onError(request) {
      const handled = request.response !== undefined
      await settle(request, handled ? { result: request.response } : { thrown: request.error })
    },
  }
}
