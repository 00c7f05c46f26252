import { invalidOption } from '../../core/errors.ts'
import { type AnyFunction, dressed } from '../../core/layer.ts'
import { isClass, wrapClass } from './classes.ts'
import { type WorkersOptionsInput, settingsOf } from './options.ts'
import { type Settings, call, workers } from './platform.ts'
import { EVENT_NAMES, type Event, type WorkerContext, eventOf } from './types.ts'

type EnvOfHandler<H> = H extends (first: never, env: infer Env, ...more: never) => unknown ? Known<Env> : never

/**
 * Frameworks take an environment, or nothing, or any object. Only an environment says something about the bindings: not the handler
 * of a router's `connect` or `trace`, and not the `RequestInit` that another overload of `fetch` takes.
 */
type Known<Env> = [Extract<Env, AnyFunction | readonly unknown[]>] extends [never] ? Bindings<Env> : never

type Bindings<Env> = Env extends object ? (keyof Env extends never ? never : IsRequestInit<Env> extends true ? never : Env) : never

type IsRequestInit<Env> = string extends keyof Env ? false : 'method' | 'headers' | 'body' extends keyof Env ? true : false

/** The bindings that a class is constructed with, that a handler takes, or that the handlers of an object take. */
type EnvOf<T> = OrAny<
  T extends abstract new (ctx: never, env: infer Env) => unknown ? Known<Env> : EnvOfHandler<T extends AnyFunction ? T : T[keyof T & Event]>
>

/** If none of them declares bindings, the options may. */
type OrAny<Env> = [Env] extends [never] ? any : Env

/**
 * The bindings that options declare, if they do not contradict those of the handlers. A library's handlers may declare fewer, those
 * that they need themselves, or none that they rely on, or any.
 */
type Fitting<Env, Declared> = [Unmet<Env, Declared>] extends [never]
  ? Env
  : {} extends Declared
    ? [Pick<Env, keyof Env & keyof Declared>] extends [Declared] ? Env : Declared
    : string extends keyof Declared ? Env : Declared

type Unmet<Env, Declared> = Declared extends unknown ? ([Env] extends [Declared] ? never : Declared) : never

/**
 * Wraps a Worker: an object of handlers, an application, a single handler, or a class.
 *
 * An object has handlers such as `fetch`, `scheduled` and `queue`; an application has a `fetch` method; the event of a single
 * handler is recognised by what the handler is called with. A class is a `WorkerEntrypoint`, a `DurableObject` or a
 * `WorkflowEntrypoint`: every call from outside is an invocation, that is events, methods by RPC, the run of a Workflow and each
 * of its steps. Wrap the class that you export: a class that extends it is not wrapped.
 *
 * The root span of a request ends when the response's body ends. It is sent inside the original `ctx.waitUntil`, as soon as that
 * delays nobody. `flushed` also knows the promises that the handler itself passes to `ctx.waitUntil`: what they record is sent
 * when they settle. The runtime gets the handler's own result or error, whatever the flush did.
 *
 * @param options the options, or a function that makes them from the bindings, at the first event of an isolate
 * @throws TypeError if there is nothing to wrap, or if an option is unknown or has a bad value
 *
 * @example
 * export default withTelemetry({
 *   async fetch(request, env, ctx) { … },
 *   async queue(batch, env, ctx) { … },
 * } satisfies ExportedHandler<Env>, (env) => ({ telemetry: telemetryFor(env) }))
 *
 * @example
 * class Room extends DurableObject<Env> { … }
 * const Traced = withTelemetry(Room, options)
 * type Traced = Room   // for the types that Wrangler generates
 * export { Traced as Room }
 */
export function withTelemetry<T extends object, Env = EnvOf<T>>(target: T, options?: WorkersOptionsInput<Fitting<Env, EnvOf<T>>>): T {
  const settings = settingsOf(options as WorkersOptionsInput)
  if (isClass(target)) return wrapClass(target, settings) as T
  if (typeof target === 'function') return wrapped(undefined, target as unknown as AnyFunction, settings) as unknown as T
  const handlers: PropertyDescriptorMap = {}
  for (const event of EVENT_NAMES) {
    // Not `target[event]`: a router may take any property for a route.
    const handler = target && typeof target === 'object' && event in target && (target as Record<string, unknown>)[event]
    if (typeof handler !== 'function') continue
    const value = wrapped(event, handler as AnyFunction, settings, target)
    handlers[event] = { value, enumerable: true, writable: true, configurable: true }
  }
  if (!Object.keys(handlers).length) throw invalidOption('handler', target, `a function, or an object with ${EVENT_NAMES.join(', ')}`)
  // The object's other properties are inherited.
  return Object.create(target, handlers) as T
}

/**
 * Makes a layer: `telemetry(options)(target)` is the same as `withTelemetry(target, options)`.
 *
 * @throws TypeError if an option is unknown or has a bad value
 *
 * @example
 * const traced = telemetry((env: Env) => ({ telemetry: telemetryFor(env) }))
 * export default traced({ async fetch(request, env, ctx) { … } } satisfies ExportedHandler<Env>)
 */
export const telemetry =
  <Env = unknown>(options?: WorkersOptionsInput<Env>): (<T extends object>(target: T) => T) =>
  (target) =>
    withTelemetry(target, options as never)

/**
 * Wraps one handler.
 *
 * @param event `undefined` for a single function, whose event is recognised by what the function is called with
 * @param self the object that the handler is a method of, if it is known yet
 */
function wrapped(event: Event | undefined, handler: AnyFunction, settings: (env: unknown) => Settings | undefined, self?: object): AnyFunction {
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    return call(settings(args[1]), (found) => workers(event ?? eventOf(args[0]), found, args[2] as Partial<WorkerContext> | undefined), handler, self ?? this, args)
  }
  return dressed(wrapper, handler, { platform: 'workers', original: handler })
}
