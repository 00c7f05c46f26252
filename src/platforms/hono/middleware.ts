import { context, trace } from '@opentelemetry/api'
import type { InvocationState } from '../../core/invocation.ts'
import { running } from '../../core/isolate.ts'
import { type Begun, type Settled, begin } from '../../core/lifecycle.ts'
import type { Config } from '../../core/options.ts'
import { attempt } from '../../core/report.ts'
import { asked } from '../../server/ambient.ts'
import { methodNameOf } from '../../web/request.ts'
import { type HonoContext, type HonoMiddleware, responseOf } from './context.ts'
import { type HonoOptionsInput, settingsOf } from './options.ts'
import { Reply, incomingOf, isUpgraded, nodeOf } from './node.ts'
import { type Settings, reflect, wrapOf } from './platform.ts'
import { isRoot, tellRoute } from './route.ts'

/**
 * Makes a middleware for Hono 4 that turns each request into an invocation. Use it first, so that it is around all others.
 *
 * The root span is named after the route, and ends when the response's body ends.
 *
 * The flush runs after the response wherever the platform keeps running for it: by `c.executionCtx` on Workers, where `flushed`
 * also knows what the application itself passes to `waitUntil`; by what Vercel, Netlify and others have; and on Node servers.
 * Elsewhere the response waits for the flush, for at most `timeoutMs`, and a warning says so once. Inside another wrap
 * (`withTelemetry(handle(app))` on AWS Lambda), a request is a child span, and the root span is named after the route.
 *
 * @param options the options, or a function that makes them from `c.env`, at the first request of an isolate
 * @throws TypeError if an option is unknown or has a bad value
 *
 * @example
 * const app = new Hono()
 * app.use(telemetry({ telemetry: pipeline }))
 *
 * @example
 * // Workers
 * app.use(telemetry((env: Bindings) => ({ telemetry: telemetryFor(env) })))
 */
export function telemetry<C extends HonoContext = HonoContext, Env = unknown>(options?: HonoOptionsInput<C, Env>): HonoMiddleware<C> {
  const settings = settingsOf(options as HonoOptionsInput<never>)
  return function telemetry(c, next) {
    const found = settings(c.env)
    const begun = found && asked(incomingOf(c), () => begin(wrapOf(found, c), methodNameOf(c.req.method), [c]))
    return begun ? within(begun, found, c, next) : next()
  }
}

async function within(begun: Begun, { config }: Settings, c: HonoContext, next: () => Promise<void>): Promise<void> {
  const node = isRoot(begun) ? nodeOf(c, config) : undefined
  const reply = node?.outgoing && new Reply(begun, c, config, node.incoming, node.outgoing)
  let how: Settled
  try {
    await running(begun.owner, () => context.with(begun.context, next))
    const response = responseOf(c)
    // What a WebSocket's listeners record is not late, however long the socket is open.
    if (node && response && isUpgraded(c, response)) (begun.owner as InvocationState).lasting = true
    how = { result: response }
  } catch (thrown) {
    how = { thrown }
  }
  // The client may have left long ago, and then the invocation is over.
  if (begun.live()) attempt(config, 'reading the route', () => tell(begun, c, config))
  if (reply) reply.settle(how)
  else await begun.settle(how)
  if ('thrown' in how) throw how.thrown
  if (how.result !== responseOf(c)) c.res = how.result as Response
}

function tell(begun: Begun, c: HonoContext, config: Config): void {
  tellRoute(begun, c, config)
  const span = trace.getSpan(begun.context)
  // A root span gets its response when it is settled.
  if (span && !isRoot(begun)) reflect(span, responseOf(c), c)
}
