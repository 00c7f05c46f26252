import { type Context, SpanKind } from '@opentelemetry/api'
import type { Config } from '../../core/options.ts'
import type { Description, Lifetime, Platform } from '../../core/platform.ts'
import { describeRequest } from '../../web/request.ts'
import { reflectStatus, thrownStatus } from '../../web/response.ts'
import { heed, requestScope, touch } from '../../web/scope.ts'
import { streaming } from '../../web/streaming.ts'
import type { LifetimeOf } from '../../web/lifetime.ts'
import { type WaitUntil, contextOf } from '../../web/wait-until.ts'

/** What a handler is called with. */
export type Args = readonly unknown[]

/** The options of these platforms, checked. */
export interface Settings {
  readonly config: Config
  readonly idleMs: number
  readonly waitUntil: WaitUntil | undefined
  readonly route: string | undefined
}

/**
 * The platform of one call of a function that answers requests, wherever it runs.
 *
 * @param lifetimeOf what such a call may do after its response; asked before the handler is called, in the same turn
 */
export function edge({ config, idleMs, waitUntil, route }: Settings, lifetimeOf: LifetimeOf): Platform<Args> {
  let lifetime: Lifetime | undefined
  const keeps = () => lifetime?.phase === 'after-response'
  return {
    name: 'edge',
    describe: (args, active) => describe(requestOf(args), route, active),
    begun(args, invocation) {
      touch(invocation)
      if (config.flush !== 'before-response') lifetime = lifetimeOf(args, waitUntil, invocation)
      heed(requestOf(args), invocation, contextOf(args))
    },
    reflectThrown(span, thrown, args) {
      // A platform passes the request, or an event that can wait, and makes no response of what is thrown; a framework makes one.
      const ofFramework = !isRequest(args[0]) && !contextOf(args) && requestOf(args)
      const status = ofFramework && thrownStatus(thrown)
      if (status) reflectStatus(span, status)
      return !!status
    },
    // Some of these runtimes are workerd, and some behave like it.
    ...requestScope(() => lifetime),
    ...streaming(idleMs, keeps, requestOf),
  }
}

function describe(request: Request | undefined, route: string | undefined, parent: Context): Description {
  if (!request) return { name: '', kind: SpanKind.INTERNAL, attributes: {}, links: [], parent }
  const description = describeRequest(request, parent)
  if (route !== undefined) {
    description.attributes['http.route'] = route
    description.name += ` ${route}`
  }
  return description
}

/** The request of a call: the first argument, or the `request` of that argument if it is an event or a context. */
export function requestOf([first]: Args): Request | undefined {
  try {
    if (isRequest(first)) return first
    const { request } = (first ?? {}) as { request?: unknown }
    if (isRequest(request)) return request
  } catch {
    // React may call a server action with an argument that throws when it is read.
  }
  return undefined
}

const isRequest = (value: unknown): value is Request => {
  const { url, method, headers } = (value ?? {}) as Partial<Request>
  return typeof url === 'string' && typeof method === 'string' && typeof headers?.get === 'function'
}
