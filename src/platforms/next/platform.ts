import { type Context, type SpanContext, SpanKind, trace } from '@opentelemetry/api'
import type { Platform } from '../../core/platform.ts'
import { type LifetimeOf, lifetimeOf } from '../../web/lifetime.ts'
import { track } from '../../web/track.ts'
import { contextOf } from '../../web/wait-until.ts'
import { type Args, type Settings, edge, requestOf } from '../edge/platform.ts'
import { afterResponse } from './after.ts'
import { isControl, statusFor } from './control-flow.ts'

/** The platform of one call in Next: it flushes by `after()`, and knows what Next throws that is not an error. */
export function next(settings: Settings): Platform<Args> {
  const platform = edge(settings, inNext)
  return {
    ...platform,
    name: 'next',
    around: true,
    describe(args, active) {
      const description = platform.describe(args, active)
      if (isCounted(active)) description.kind = SpanKind.INTERNAL
      return description
    },
    reflectThrown(span, thrown, args) {
      if (!isControl(thrown)) return false
      const request = requestOf(args)
      const status = request && statusFor(request, thrown)
      if (status) span.setAttribute('http.response.status_code', status)
      return true
    },
  }
}

/**
 * Whether a span of this process already stands for the request. Next's span around a handler is not that span, but below it.
 * Where Next's span is the first of its process, as on the edge, no span stands for the request.
 */
function isCounted(active: Context): boolean {
  const { parentSpanContext } = (trace.getSpan(active) ?? {}) as { parentSpanContext?: SpanContext }
  return parentSpanContext !== undefined && !parentSpanContext.isRemote
}

const inNext: LifetimeOf = (args, given, invocation) => {
  try {
    // The proxy's event has a `waitUntil`: the invocation has to know what the proxy passes to it.
    const event = contextOf(args)
    if (event) track(event, invocation)
    return afterResponse(invocation)
  } catch {
    // The pages router has no `after()`, and neither has code outside a request.
    return lifetimeOf(args, given, invocation)
  }
}
