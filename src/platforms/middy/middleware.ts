import { trace } from '@opentelemetry/api'
import type { Context as LambdaContext } from 'aws-lambda'
import { entering } from '../../core/enter.ts'
import { toError } from '../../core/errors.ts'
import { type Begun, type Settled, begin } from '../../core/lifecycle.ts'
import { attempt } from '../../core/report.ts'
import { type LambdaOptions, onLambda } from '../lambda/wrap.ts'
import { type Ending, observe } from './observe.ts'

/** What middy hands to each hook of a middleware, as far as this one needs it. */
export interface MiddyRequest<Event = unknown> extends Ending {
  event: Event
  context: LambdaContext
  // oxlint-disable-next-line typescript/no-empty-object-type -- middy's own "adds nothing to `request.internal`"
  internal: {}
}

/** A middleware of middy, as `use()` takes it. No hook returns a value or throws, for either would be the response. */
export interface TelemetryMiddleware<Event = unknown> {
  readonly name: string
  before(request: MiddyRequest<Event>): void
  after(request: MiddyRequest<Event>): Promise<void>
  onError(request: MiddyRequest<Event>): Promise<void>
}

/** A request that is open, and the error that it failed with first. */
interface Open {
  readonly request: object
  readonly begun: Begun
  failure?: { readonly error: unknown }
}

/**
 * A middleware of middy 6 and newer that does what `withTelemetry` of `flushed/lambda` does, as far as hooks can. Use it
 * first, so that it is around all others, and only where nothing but a middleware can be added: hooks cannot run the
 * handler inside a context, nor wait for a flush where another middleware has answered early.
 *
 * Response and error are middy's own, whatever the flush did.
 *
 * @param options those of `flushed/lambda`
 * @throws TypeError when an option is unknown or has a bad value
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
  // An array, as that of the live invocations is, and for its reasons.
  const requests: Open[] = []

  const settle = (request: MiddyRequest<Event>, how: Settled) => {
    const index = requests.findIndex((open) => open.request === request)
    const [open] = index < 0 ? [] : requests.splice(index, 1)
    if (!open) return
    recordFirst(open, how)
    return open.begun.settle(how)
  }

  /** What failed first explains, and may be gone by now: error handlers replace it, or make a response of it. */
  const recordFirst = ({ begun, failure }: Open, how: Settled) => {
    if (!failure || ('thrown' in how && how.thrown === failure.error)) return
    attempt(config, 'recording the error', () => trace.getSpan(begun.context)?.recordException(toError(failure.error)))
  }

  const start = (request: MiddyRequest<Event>) => {
    // Used twice, it is still one.
    if (requests.some((open) => open.request === request)) return
    const { event, context } = request
    const begun = entering(context?.awsRequestId ?? context, () => begin(wrap, 'middy', [event, context]))
    if (!begun) return
    const open: Open = { request, begun }
    requests.push(open)
    // Nobody waits for these flushes: what has not been answered when the sandbox freezes goes with the next one.
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
