import { SpanKind } from '@opentelemetry/api'
import type { Config } from '../../core/options.ts'
import type { Lifetime, Platform } from '../../core/types.ts'
import { describeRequest } from '../../web/request.ts'
import { reflectResponse } from '../../web/response.ts'
import { AFTER_RESPONSE_MS, lifetimeOf } from './lifetime.ts'
import type { WaitUntil } from './wait-until.ts'

/** What a handler is called with. */
export type Args = readonly unknown[]

/** The options of such platforms' own, checked. */
export interface Settings {
  readonly flush: Config['flush']
  readonly waitUntil: WaitUntil | undefined
  readonly route: string | undefined
}

/** What is peculiar to functions over requests, wherever they run. */
export function edge({ flush, waitUntil, route }: Settings): Platform<Args> {
  const lifetimes = new WeakMap<Args, Lifetime>()
  return {
    name: 'edge',
    // Some of these runtimes are workerd, and some its like.
    timers: false,
    describe(args, parent) {
      const request = requestOf(args)
      if (!request) return { name: '', kind: SpanKind.INTERNAL, attributes: {}, links: [], parent }
      const description = describeRequest(request, parent)
      if (route === undefined) return description
      description.attributes['http.route'] = route
      return { ...description, name: `${description.name} ${route}` }
    },
    reflect: (root, _description, result) => reflectResponse(root, result),
    begun: (args) => {
      const lifetime = lifetimeOf(flush, args, waitUntil)
      if (lifetime) lifetimes.set(args, lifetime)
    },
    lifetime: (args) => lifetimes.get(args),
    remainingMs: () => AFTER_RESPONSE_MS,
  }
}

/** The request that a handler is given: its first argument, or that of an event or a context. */
function requestOf([first]: Args): Request | undefined {
  if (isRequest(first)) return first
  const { request } = (first ?? {}) as { request?: unknown }
  return isRequest(request) ? request : undefined
}

const isRequest = (value: unknown): value is Request => {
  const { url, method, headers } = (value ?? {}) as Partial<Request>
  return typeof url === 'string' && typeof method === 'string' && typeof headers?.get === 'function'
}
