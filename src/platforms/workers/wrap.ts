import { invalidOption } from '../../core/errors.ts'
import { type AnyFunction, dressed } from '../../core/layer.ts'
import { isClass, wrapClass } from './classes.ts'
import { type WorkersOptionsInput, settingsOf } from './options.ts'
import { type Settings, call, workers } from './platform.ts'
import { EVENT_NAMES, type Event, type WorkerContext, eventOf } from './types.ts'

type EnvOfHandler<H> = H extends (first: never, env: infer Env, ...more: never) => unknown ? Known<Env> : never

/** Frameworks take an environment, or nothing, or any object: of those only the first says something. */
type Known<Env> = Env extends object ? (keyof Env extends never ? never : Env) : never

/** The bindings that a class is made with, that a handler takes, or those of an object of handlers. */
type EnvOf<T> = OrAny<
  T extends abstract new (ctx: never, env: infer Env) => unknown ? Known<Env> : EnvOfHandler<T extends AnyFunction ? T : T[keyof T & Event]>
>

/** Where none of them says anything, the options may. */
type OrAny<Env> = [Env] extends [never] ? any : Env

/**
 * Wraps a Worker: an object with handlers (`fetch`, `scheduled`, `queue` and so on), an application with a `fetch` method,
 * a single handler, whose event is told by what it is called with, or a class: a `WorkerEntrypoint`, a `DurableObject`, a
 * `WorkflowEntrypoint`. Of a class, whatever is called from outside is an invocation: events, methods by RPC, the run of a
 * Workflow and each of its steps. Wrap the class that is exported: one that extends it is not wrapped.
 *
 * The root span of a request ends when its response's body does; it is sent within the original `ctx.waitUntil`, as soon as
 * that delays nobody. Promises that the handler itself hands to `ctx.waitUntil` are known: what they record is sent when they
 * settle. The handler's own result or error is what the runtime gets, whatever the flush did.
 *
 * @param options or a function that makes them of the bindings, at the first event of an isolate
 * @throws TypeError when there is nothing to wrap, or an option is unknown or has a bad value
 *
 * @example
 * export default withTelemetry({
 *   async fetch(request, env, ctx) { … },
 *   async queue(batch, env, ctx) { … },
 * } satisfies ExportedHandler<Env>, (env) => ({ telemetry: telemetryFor(env) }))
 *
 * @example
 * export const Room = withTelemetry(class Room extends DurableObject<Env> { … }, options)
 * export type Room = InstanceType<typeof Room>   // for the types that Wrangler generates
 */
export function withTelemetry<T extends object>(target: T, options?: WorkersOptionsInput<EnvOf<T>>): T {
  const settings = settingsOf(options as WorkersOptionsInput)
  if (isClass(target)) return wrapClass(target, settings) as T
  if (typeof target === 'function') return wrapped(undefined, target as unknown as AnyFunction, settings) as unknown as T
  const handlers: PropertyDescriptorMap = {}
  for (const event of EVENT_NAMES) {
    // Not `target[event]`: a router may take any property for a route.
    const handler = target !== null && typeof target === 'object' && event in target && (target as Record<string, unknown>)[event]
    if (typeof handler !== 'function') continue
    const value = wrapped(event, handler as AnyFunction, settings, target)
    handlers[event] = { value, enumerable: true, writable: true, configurable: true }
  }
  if (Object.keys(handlers).length === 0) throw invalidOption('handler', target, `a function, or an object with ${EVENT_NAMES.join(', ')}`)
  // What else the object has it still has.
  return Object.create(target, handlers) as T
}

/**
 * The same as a layer: `telemetry(options)(target)` is `withTelemetry(target, options)`.
 *
 * @throws TypeError when an option is unknown or has a bad value
 *
 * @example
 * const traced = telemetry((env: Env) => ({ telemetry: telemetryFor(env) }))
 * export class Room extends DurableObject<Env> { … }
 * export const TracedRoom = traced(Room)
 * export type TracedRoom = Room
 */
export const telemetry =
  <Env = unknown>(options?: WorkersOptionsInput<Env>): (<T extends object>(target: T) => T) =>
  (target) =>
    withTelemetry(target, options as never)

/**
 * @param event none of a single function, whose event is told by what it is called with
 * @param self what the handler is a method of, if that is known by now
 */
function wrapped(event: Event | undefined, handler: AnyFunction, settings: (env: unknown) => Settings | undefined, self?: object): AnyFunction {
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    return call(settings(args[1]), (found) => workers(event ?? eventOf(args[0]), found, args[2] as Partial<WorkerContext> | undefined), handler, self ?? this, args)
  }
  return dressed(wrapper, handler, { platform: 'workers', original: handler })
}
