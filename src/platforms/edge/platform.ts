import { type Context, SpanKind } from '@opentelemetry/api'
import type { Config } from '../../core/options.ts'
import type { Description, Lifetime, Platform } from '../../core/platform.ts'
import { hasMethod, read } from '../../core/reading.ts'
import { describeRequest } from '../../web/request.ts'
import { errorStatus, reflectStatus, thrownStatus } from '../../web/response.ts'
import { arrive, heed, requestScope } from '../../web/scope.ts'
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
      arrive(invocation)
      // An event of h3 passes what it gets to wait for on to its request, or does nothing if that has no `waitUntil`.
      const asked = isOfH3(args) ? [requestOf(args)] : args
      if (config.flush !== 'before-response') lifetime = lifetimeOf(asked, waitUntil, invocation)
      heed(requestOf(args), invocation, contextOf(args))
    },
    reflectThrown(span, thrown, args) {
      // A platform passes the request, or an event that can wait, and makes no response of what is thrown; a framework makes one.
      const request = requestOf(args)
      const status = isOfH3(args) ? errorStatus(thrown) : request && request !== args[0] && !contextOf(args) && thrownStatus(thrown)
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

/**
 * The request of a call: the first argument, or what that argument has as its request if it is an event or a context. h3 2 (Nitro
 * 3) has it in `req`, and SvelteKit's `handle` is called with its event in another object.
 */
export const requestOf = ([first]: Args): Request | undefined =>
  [first, read(first, 'request'), read(first, 'req'), read(read(first, 'event'), 'request')].find(isRequest)

/** Whether the first argument is an event of h3 2. The `req` of h3 1 is Node's. */
const isOfH3 = ([event]: Args): boolean => isRequest(read(event, 'req'))

// React may call a server action with an argument that throws when it is read.
const isRequest = (value: unknown): value is Request =>
  typeof read(value, 'url') === 'string' && typeof read(value, 'method') === 'string' && hasMethod(read(value, 'headers'), 'get')
