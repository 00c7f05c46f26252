import { SpanKind } from '@opentelemetry/api'
import { type AnyFunction, dressed } from '../../core/layer.ts'
import type { Lifetime, Platform } from '../../core/types.ts'
import { type Args, type Settings, edge } from '../edge/platform.ts'
import { afterResponse } from './after.ts'
import { Passed, passing } from './control-flow.ts'

/** What is peculiar to Next: `after()`, and errors that are none. */
export function next(settings: Settings): Platform<Args> {
  const elsewhere = edge(settings)
  const lifetimes = new WeakMap<Args, Lifetime>()
  return {
    ...elsewhere,
    name: 'next',
    adapt: (handler) => dressed(passes(handler), handler),
    reflect(root, description, result) {
      if (!(result instanceof Passed)) return elsewhere.reflect?.(root, description, result)
      if (description.kind === SpanKind.SERVER && result.status) root.setAttribute('http.response.status_code', result.status)
    },
    begun(args) {
      try {
        if (settings.flush !== 'before-response') lifetimes.set(args, afterResponse())
      } catch {
        // The pages router has no `after()`, nor has what runs outside of a request.
        elsewhere.begun?.(args)
      }
    },
    lifetime: (args) => lifetimes.get(args) ?? elsewhere.lifetime?.(args),
  }
}

const passes = (handler: AnyFunction): AnyFunction =>
  function (this: unknown, ...args: unknown[]) {
    return passing(() => Reflect.apply(handler, this, args))
  }
