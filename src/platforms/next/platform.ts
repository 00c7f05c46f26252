import { SpanKind } from '@opentelemetry/api'
import type { Platform } from '../../core/platform.ts'
import { type LifetimeOf, lifetimeOf } from '../../web/lifetime.ts'
import { track } from '../../web/track.ts'
import { contextOf } from '../../web/wait-until.ts'
import { type Args, type Settings, edge } from '../edge/platform.ts'
import { afterResponse } from './after.ts'
import { Passed } from './control-flow.ts'

/** What is peculiar to one call of a function of Next's: `after()`, and errors that are none. */
export function next(settings: Settings): Platform<Args> {
  const platform = edge(settings, inNext)
  return {
    ...platform,
    name: 'next',
    around: true,
    reflect(root, description, result, args) {
      if (!(result instanceof Passed)) return platform.reflect?.(root, description, result, args)
      if (description.kind === SpanKind.SERVER && result.status) root.setAttribute('http.response.status_code', result.status)
    },
  }
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
