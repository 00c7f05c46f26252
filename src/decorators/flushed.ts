import { badOption, invalidOption } from '../core/errors.ts'
import { type AnyFunction, dressed } from '../core/layer.ts'
import { invoke } from '../core/lifecycle.ts'
import { type Config, type TelemetryOptions, resolveOptions } from '../core/options.ts'
import type { Telemetry } from '../core/types.ts'
import { promised } from '../core/with-telemetry.ts'
import { type Class, type Given, classOf, merged, nameIn, optionsOf } from './class-options.ts'
import { Call, decorator, isBare } from './decorator.ts'
import { contextBy, contextOf, expected, platformOf } from './platform.ts'
import { isLambdaContext } from '../core/remaining.ts'
import { hasMethod, read } from '../core/reading.ts'
import { remembered } from '../core/remembered.ts'
import type { FlushedDecorator, OptionsOf, PlatformWrap } from './types.ts'

/** Options of a decorated method, without those of the platform that its `wrap` belongs to. */
export interface FlushedOptions extends TelemetryOptions<readonly never[]> {
  /**
   * Finds the platform's context of a call: Lambda's context, or one with a `waitUntil`. It is called on the instance, with
   * the method's arguments.
   *
   * @default the argument that is such a context, or the instance's `ctx`
   */
  context?: ((this: never, ...args: never[]) => unknown) | undefined
}

/** {@link FlushedOptions} with a platform's wrap, and the options of that wrap. */
export type WrappedOptions<W extends PlatformWrap> = FlushedOptions & {
  /** The `withTelemetry` of a platform, such as that of `flushed/lambda`. It does for the method what it does for handlers. */
  wrap: W
} & OptionsOf<W>

/** What the calls of a member go through, in one class. */
interface Prepared {
  readonly config: Config
  readonly context: AnyFunction | undefined
  readonly wrapped: AnyFunction | undefined
}

/**
 * Makes a method a handler: each call is an invocation, with a root span named `Class.method` and a flush.
 *
 * All of the invocation's telemetry has been acknowledged, or reported as not acknowledged, when the method's promise settles,
 * or after that if the platform lets code run then. The platform's context says what the platform allows. The context is found
 * among the arguments, or as the instance's `ctx`. Within another invocation, the call is a child span.
 *
 * Decorates methods, including static and private ones. As a standard decorator, it also decorates fields that hold a
 * function. The decorated method always returns a promise.
 *
 * @throws TypeError if it stands on something that it cannot decorate, or if an option is unknown or has a bad value
 *
 * @example
 * class Orders {
 *   @Flushed({ wrap: withTelemetry, telemetry })   // of `flushed/lambda`
 *   async create(event: APIGatewayProxyEventV2, context: Context) { … }
 * }
 */
export function Flushed<W extends PlatformWrap>(options: WrappedOptions<W>): FlushedDecorator
export function Flushed(options?: FlushedOptions & { wrap?: never }): FlushedDecorator
export function Flushed(...given: [options?: object]): FlushedDecorator {
  if (isBare(given)) throw badOption('write `@Flushed()`, with parentheses, before a method')
  const [own = {}] = given as [Given?]
  checkFlushed(own)
  return decorator({ decorator: 'Flushed', any: false, prepare: (member) => runner(own, member) }) as FlushedDecorator
}

/**
 * Checks the options of a method, or of all methods of a class, whose calls are {@link expected} from then on.
 *
 * @throws TypeError naming the option and quoting the value
 */
export function checkFlushed(given: Given): void {
  if (typeof given !== 'object' || !given) throw invalidOption('options', given, 'an object')
  const { wrap, context, ...options } = given
  if (wrap !== undefined && typeof wrap !== 'function') throw invalidOption('wrap', wrap, 'a platform’s `withTelemetry`')
  if (context !== undefined && typeof context !== 'function') throw invalidOption('context', context, 'a function')
  resolveOptions(options, wrap ? Object.keys(options) : [])
  // Only the platform can check its own options. The wrap made here is never used, not even for a flush at the process's end.
  if (wrap) wrap(async () => {}, { ...options, telemetry: nothing, onFlush: undefined, logger: false } as never)
  // Lambda's wrap does the same by itself.
  else expected()
}

// One for all checks: whatever keeps a list of telemetries then lists only one.
const nothing: Telemetry = { stages: [] }

/** @returns what runs the calls of a member, each with the options of the class that it is made on */
function runner(own: Given, member: string): (call: Call) => Promise<unknown> {
  const preparedIn = remembered((home: Class, call: Call) => prepare(merged(optionsOf(home, call.owner), own), nameIn(home, member), call))
  return (call) =>
    promised(() => {
      const { config, context, wrapped } = preparedIn(classOf(call.owner), call)
      const found = context ? contextBy(context, call, config) : contextOf(call)
      if (!wrapped) return invoke({ config, platform: platformOf(found, config) }, call.method, call.self, call.args)
      // Lambda's context is the last argument of a streaming handler, and the second argument of any other handler.
      const place = hasMethod(call.args[1], 'write') ? 2 : 1
      const asHandler = !found || (!context && (isLambdaContext(found) ? call.args[place] === found : call.args.includes(found)))
      return Reflect.apply(wrapped, call, asHandler ? call.args : platformArguments(call, found))
    })
}

function prepare({ wrap, context, ...options }: Given, name: string, { method }: Call): Prepared {
  // All options have been checked already.
  const config = resolveOptions({ name, ...options }, Object.keys(options))
  if (!wrap) return { config, context, wrapped: undefined }
  const adapter = dressed(function (this: Call, ...given: unknown[]) {
    // To a method that is called as a handler, Lambda's wrap passes its own callback, and a context that answers through it.
    return Reflect.apply(this.method, this.self, isLambdaContext(this.args[1]) ? argumentsOf(given) : this.args)
  }, method)
  // The span's name for an event that has no name of its own, and for a child span.
  Object.defineProperty(adapter, 'name', { value: name, configurable: true })
  const { attributes: more } = options
  const attributes = typeof more === 'function' ? (...given: unknown[]) => more(...(argumentsOf(given) as never[])) : more
  return { config, context, wrapped: wrap(adapter, { ...options, attributes } as never) as AnyFunction }
}

/** The arguments that a platform's handler would be called with if it got this context, followed by the call itself. */
const platformArguments = (call: Call, found: object): unknown[] => {
  const [first] = call.args
  return isLambdaContext(found) ? [first, found, call] : [first, read(call.owner, 'env'), found, call]
}

/** The arguments that the method was called with. */
function argumentsOf(given: unknown[]): unknown[] {
  const last = given.at(-1)
  return last instanceof Call ? last.args : given
}
