import { SpanKind } from '@opentelemetry/api'
import type { Lifetime, Platform } from '../../core/types.ts'
import { type Args, type Settings, edge } from '../edge/platform.ts'
import { afterResponse } from './after.ts'
import { Passed } from './control-flow.ts'

/** What is peculiar to one call of a function of Next's: `after()`, and errors that are none. */
export function next(settings: Settings): Platform<Args> {
  const elsewhere = edge(settings)
  let lifetime: Lifetime | undefined
  return {
    ...elsewhere,
    name: 'next',
    reflect(root, description, result) {
      if (!(result instanceof Passed)) return elsewhere.reflect?.(root, description, result)
      if (description.kind === SpanKind.SERVER && result.status) root.setAttribute('http.response.status_code', result.status)
    },
    begun(args, invocation) {
      try {
        if (settings.config.flush !== 'before-response') lifetime = afterResponse()
      } catch {
        // The pages router has no `after()`, nor has what runs outside of a request.
        elsewhere.begun?.(args, invocation)
      }
    },
    lifetime: (args, invocation) => elsewhere.lifetime?.(args, invocation) ?? lifetime,
  }
}
