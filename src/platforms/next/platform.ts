import { type Context, type SpanContext, SpanKind, trace } from '@opentelemetry/api'
import type { Platform } from '../../core/platform.ts'
import { type LifetimeOf, lifetimeOf } from '../../web/lifetime.ts'
import { track } from '../../web/track.ts'
import { contextOf } from '../../web/wait-until.ts'
import { type Args, type Settings, edge, requestOf } from '../edge/platform.ts'
import { afterResponse } from './after.ts'
import { isControl, statusFor } from './control-flow.ts'

/** What is peculiar to one call of a function of Next's: `after()`, and errors that are none. */
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
 * Whether a span of this process stands for the request already. Next's own around a handler is not it, but below it; where that
 * is the first of its process, as on the edge, there is none.
 */
function isCounted(active: Context): boolean {
  const { parentSpanContext } = (trace.getSpan(active) ?? {}) as { parentSpanContext?: SpanContext }
  return parentSpanContext !== undefined && !parentSpanContext.isRemote
}

const inNext: LifetimeOf = (args, given, invocation) => {
  try {
    // The proxy's event, whose `waitUntil` is its own way to go on.
    const event = contextOf(args)
    if (event) track(event, invocation)
    return afterResponse(invocation)
  } catch {
    // The pages router has no `after()`, nor has what runs outside of a request.
    return lifetimeOf(args, given, invocation)
  }
}
