import { type Context, type Span, SpanKind, createContextKey, trace } from '@opentelemetry/api'
import { onWorkerd } from '../core/environment.ts'
import { invalidOption } from '../core/errors.ts'
import type { Wrap } from '../core/lifecycle.ts'
import { type TelemetryOptions, resolveOptions } from '../core/options.ts'
import { type DrainOptions, drainMsOf } from './drain.ts'
import { serverLifetime } from './lifetime.ts'
import { type Args, describeIncoming } from './request.ts'

/** Options of a Node server's requests. */
export interface ServerOptions<Args extends readonly unknown[] = []> extends TelemetryOptions<Args>, DrainOptions {
  /**
   * When to flush. On a server, that is always after the response; where the process stays, a flush serves many requests at once.
   * Nothing here could hold a response back.
   *
   * @default 'auto'
   */
  flush?: 'auto' | 'after-response' | undefined
}

/** Whether the server runs on Cloudflare Workers, by `cloudflare:node`. */
const onWorkers = (): string | false =>
  onWorkerd() && "Cloudflare Workers, which may stop it before a flush is over: wrap the whole, `withTelemetry(httpServerHandler({ port }))` of 'flushed/workers'"

// The key under which OpenTelemetry's `http` instrumentation keeps its span of a request.
const HTTP = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA')

/** Whether an instrumentation records the request, with spans of its own in between, such as those of Express' layers. */
function isPart(active: Context): boolean {
  const { span } = (active.getValue(HTTP) ?? {}) as { span?: RecordedSpan }
  return span?.kind === SpanKind.SERVER && span.spanContext().traceId === trace.getSpanContext(active)?.traceId
}

type RecordedSpan = Span & { readonly kind?: SpanKind }

/** A server's part of the lifecycle. @throws TypeError naming the option and quoting the value */
export function onServer(name: string, options: ServerOptions<never> = {}): Wrap {
  const config = resolveOptions(options, ['drainMs'])
  if (config.flush === 'before-response') throw invalidOption('flush', config.flush, "'auto' or 'after-response' on a server")
  const platform = {
    name,
    describe: ([request]: Args, active: Context) => {
      const description = describeIncoming(request, active)
      if (isPart(active)) description.kind = SpanKind.INTERNAL
      return description
    },
    ...serverLifetime(() => wrap, drainMsOf(options), undefined, onWorkers),
  }
  const wrap: Wrap = { config, platform }
  return wrap
}
