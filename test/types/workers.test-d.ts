/** Specifies what compiles with Workers, and what does not. `npm run types` checks this file; nothing in it runs. */
import { telemetry, withTelemetry } from 'flushed/workers'
import { expectTypeOf } from 'vitest'

interface Env {
  readonly COLLECTOR: string
}

declare abstract class DurableObject<E> {
  protected ctx: object
  protected env: E
  constructor(ctx: object, env: E)
}

class Room extends DurableObject<Env> {
  readonly #open = true

  enter(name: string): number {
    return this.#open ? name.length : 0
  }
}

// A wrapped class keeps its type, and its options know its bindings.
const Wrapped = withTelemetry(Room, (env) => ({ name: env.COLLECTOR }))
expectTypeOf(Wrapped).toEqualTypeOf<typeof Room>()
expectTypeOf<InstanceType<typeof Wrapped>['enter']>().returns.toBeNumber()
// @ts-expect-error -- there is no such binding
withTelemetry(Room, (env) => ({ name: env.NOPE }))

// Objects of handlers, applications and functions keep their types, also when wrapped by a layer.
const handlers = {
  async fetch(_request: Request, env: Env) {
    return new Response(env.COLLECTOR)
  },
  async queue(_batch: { readonly queue: string }, _env: Env) {},
}
expectTypeOf(withTelemetry(handlers, (env) => ({ name: env.COLLECTOR }))).toEqualTypeOf<typeof handlers>()
expectTypeOf(telemetry((env: Env) => ({ name: env.COLLECTOR }))(handlers)).toEqualTypeOf<typeof handlers>()
expectTypeOf(withTelemetry(handlers.fetch)).toEqualTypeOf<typeof handlers.fetch>()

// Where nothing else declares the bindings, the options may: for a class whose base has none, or handlers that do not use them.
class Pinged extends DurableObject<{}> {}
withTelemetry(Pinged, (env: Env) => ({ name: env.COLLECTOR }))
withTelemetry(class extends DurableObject<unknown> {}, (env: Env) => ({ name: env.COLLECTOR }))
withTelemetry({ fetch: async () => new Response() }, (env) => ({ name: env.COLLECTOR }))
// But one handler that declares them is enough to decide.
// @ts-expect-error -- there is no such binding
withTelemetry({ fetch: async () => new Response(), queue: handlers.queue }, (env) => ({ name: env.NOPE }))

// A router's methods may be named as events are: what they take is not taken for the bindings. Neither is what another overload of
// `fetch` takes. These have the shapes of h3's and Elysia's applications and of graphql-yoga's `fetch`.
type RouteHandler = ((request: Request) => unknown) | { fetch(request: Request): unknown }
declare const router: {
  fetch(request: Request): Response | Promise<Response>
  trace(path: string, handler: RouteHandler): void
  connect(path: string, handler: RouteHandler | string | object): void
}
expectTypeOf(withTelemetry(router, (env: Env) => ({ name: env.COLLECTOR }))).toEqualTypeOf<typeof router>()
declare const elysia: { fetch(request: Request): Promise<Response>; trace(handlers: RouteHandler[], more: RouteHandler[]): void }
withTelemetry(elysia, (env: Env) => ({ name: env.COLLECTOR }))
declare const yoga: { fetch(request: Request, env: Env): Promise<Response>; fetch(url: string, init?: RequestInit): Promise<Response> }
withTelemetry({ fetch: yoga.fetch }, (env: Env) => ({ name: env.COLLECTOR }))

// The handlers of a library may declare fewer bindings, those that it needs itself, or none that it relies on, or any. These have the
// shapes of vinext's, TanStack Start's and Qwik City's.
interface Bindings extends Env {
  readonly ASSETS: { fetch(request: Request): Promise<Response> }
}
declare const telemetryFor: (env: Bindings) => { forceFlush(): Promise<void> }
declare const vinext: { fetch(request: Request, env?: { ASSETS?: Bindings['ASSETS'] }, ctx?: object): Promise<Response> }
withTelemetry(vinext, (env: Bindings) => ({ telemetry: telemetryFor(env) }))
declare const tanstack: { fetch(request: Request, options?: { onEarlyHints?: () => void }): Promise<Response> }
withTelemetry(tanstack, (env: Bindings) => ({ telemetry: telemetryFor(env) }))
declare const qwik: { fetch(request: Request, env: Record<string, any> & { ASSETS: Bindings['ASSETS'] }, ctx: object): Promise<Response> }
withTelemetry(qwik, (env: Bindings) => ({ telemetry: telemetryFor(env) }))
declare const needy: { fetch(request: Request, env: Pick<Bindings, 'ASSETS'>): Promise<Response> }
withTelemetry(needy, (env: Bindings) => ({ telemetry: telemetryFor(env) }))
withTelemetry({ fetch: handlers.fetch }, (env: {}) => ({ name: `${env}` }))
declare const debugged: { fetch(request: Request, env: { DEBUG?: string }): Promise<Response> }
withTelemetry(debugged, (env: Bindings) => ({ telemetry: telemetryFor(env) }))
// @ts-expect-error -- the handlers declare it as text
withTelemetry(debugged, (env: { readonly DEBUG: number }) => ({ timeoutMs: env.DEBUG }))
declare const staged: { fetch(request: Request, env: { readonly TEST: string } | { readonly LIVE: string }): Promise<Response> }
// @ts-expect-error -- the other member of the union does not have it
withTelemetry(staged, (env: { readonly TEST: string }) => ({ name: env.TEST }))
// @ts-expect-error -- the handlers have other bindings
withTelemetry(handlers, (env: { readonly OTHER: string }) => ({ name: env.OTHER }))

// @ts-expect-error -- nothing to wrap
withTelemetry('fetch')
