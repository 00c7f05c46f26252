import { type Attributes, type Context, type SpanKind, context, trace } from '@opentelemetry/api'
import { type Check, type Config, checkOptions, resolveOptions } from '../core/options.ts'
import { contextWithin, currentOwner } from '../core/current.ts'
import { badOption } from '../core/errors.ts'
import { attempt } from '../core/report.ts'
import { disposable, recordError, tracerOf } from '../core/span.ts'
import type { DisposableSpan } from '../core/types.ts'
import { type Given, TELEMETRY, classOf } from './class-options.ts'
import { type Call, decorator, isBare } from './decorator.ts'
import { type Watcher, watched } from './results.ts'
import type { TracedDecorator } from './types.ts'

/** Options of a traced method. */
export interface TracedOptions {
  /**
   * The span's name.
   *
   * @default `Class.method`
   */
  name?: string | undefined
  /** The span's attributes, or a function that makes them of the method's arguments. */
  attributes?: Attributes | ((...args: never[]) => Attributes) | undefined
  /**
   * The span's kind.
   *
   * @default SpanKind.INTERNAL
   */
  kind?: SpanKind | undefined
}

const CHECKS: Record<keyof TracedOptions, Check> = {
  name: ['a non-empty string', (value) => typeof value === 'string' && value !== ''],
  attributes: ['an object or a function', (value) => value === Object(value)],
  kind: ['a `SpanKind`', (value) => [0, 1, 2, 3, 4].includes(value as number)],
}

/**
 * A span around a method, below the active one, which is ended whatever happens: when the method returns or throws, when its
 * promise settles, when its generator or iterator is done, has thrown or is left. One that is never read to its end is ended
 * with the invocation. Nothing is flushed, and a synchronous method stays synchronous.
 *
 * Decorates methods, getters and setters, static and private ones too, and, as a standard decorator, fields that hold a
 * function.
 *
 * @param options or the span's name. Default: `Class.method`
 * @throws TypeError when it stands where it cannot, or an option is unknown or has a bad value
 *
 * @example
 * class Orders {
 *   @Traced('price') price(order: Order): number { … }
 *   @Traced({ attributes: (id: string) => ({ 'order.id': id }) }) async load(id: string) { … }
 * }
 */
export function Traced(options?: string | TracedOptions): TracedDecorator
export function Traced(...given: [options?: string | TracedOptions]): TracedDecorator {
  if (isBare(given)) throw badOption('write `@Traced()`, with parentheses, before a method')
  const [options = {}] = given
  const own = typeof options === 'string' ? { name: options } : options
  checkOptions(own, CHECKS)
  const prepare = (member: string) => (call: Call) => run(call, own, member)
  return decorator({ decorator: 'Traced', accessors: true, prepare }) as TracedDecorator
}

/** What is used of a class's options, by those. */
const configs = new WeakMap<object, Config>()
const DEFAULTS: Given = {}

function configOf(options: Given = DEFAULTS): Config {
  let config = configs.get(options)
  if (!config) configs.set(options, (config = resolveOptions({ telemetry: options.telemetry, logger: options.logger })))
  return config
}

function run(call: Call, own: TracedOptions, member: string): unknown {
  const { method, self, args, owner } = call
  const home = classOf(owner)
  const config = configOf(home?.[TELEMETRY])
  const name = own.name ?? (home?.name ? `${home.name}.${member}` : member)
  const opened = attempt(config, 'opening a span', () => open(config, name, own, args))
  if (!opened) return Reflect.apply(method, self, args)
  const { span, inside } = opened
  const within = <T>(part: () => T): T => context.with(inside, part)
  const end = () => void attempt(config, 'ending a span', () => span[Symbol.dispose]())
  const watcher: Watcher = {
    within,
    done: end,
    failed(thrown) {
      attempt(config, 'recording the error', () => recordError(span, thrown))
      end()
    },
  }
  let result: unknown
  try {
    result = within(() => Reflect.apply(method, self, args) as unknown)
  } catch (thrown) {
    watcher.failed(thrown)
    throw thrown
  }
  return watched(result, watcher)
}

function open(config: Config, name: string, { attributes: more, kind }: TracedOptions, args: unknown[]): { span: DisposableSpan; inside: Context } {
  const active = context.active()
  const invocation = currentOwner(active)
  const attributes = typeof more === 'function' ? attempt(config, '`attributes`', () => more(...(args as never[]))) : more
  const options = { ...(attributes && { attributes }), ...(kind !== undefined && { kind }) }
  const span = invocation ? invocation.span(name, options) : disposable(tracerOf(config.telemetry).startSpan(name, options, active))
  return { span, inside: trace.setSpan(invocation ? contextWithin(invocation) : active, span) }
}
