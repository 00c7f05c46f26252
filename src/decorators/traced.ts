import { type Attributes, type Context, type SpanKind, type SpanOptions, context, trace } from '@opentelemetry/api'
import { CHECKS, type Check, type Config, checkOptions, resolveOptions } from '../core/options.ts'
import { ensureContextManager } from '../core/context-manager.ts'
import { contextWithin, currentOwner } from '../core/current.ts'
import { badOption } from '../core/errors.ts'
import { attempt } from '../core/report.ts'
import { disposable, recordError, tracerOf } from '../core/span.ts'
import type { Watcher } from '../core/thenable.ts'
import type { DisposableSpan } from '../core/types.ts'
import { remembered } from '../core/remembered.ts'
import { type Given, classOf, nameIn, optionsOf } from './class-options.ts'
import { type Call, decorator, isBare } from './decorator.ts'
import { watched } from './results.ts'
import type { TracedDecorator } from './types.ts'

/** Options of a traced method. */
export interface TracedOptions {
  /**
   * The span's name.
   *
   * @default `Class.method`
   */
  name?: string | undefined
  /** The span's attributes, or a function that makes them from the method's arguments. */
  attributes?: Attributes | ((...args: never[]) => Attributes) | undefined
  /**
   * The span's kind.
   *
   * @default SpanKind.INTERNAL
   */
  kind?: SpanKind | undefined
}

const TRACED: Record<keyof TracedOptions, Check> = {
  name: CHECKS.name,
  attributes: CHECKS.attributes,
  kind: ['a `SpanKind`', (value) => [0, 1, 2, 3, 4].includes(value as number)],
}

/**
 * Puts a span around each call of a method, as a child of the active span.
 *
 * The span ends whatever happens: when the method returns or throws, when its promise settles, when its generator or iterator
 * is done, throws or is left. If a generator or iterator is never read to its end, its span ends with the invocation. Nothing
 * is flushed, and a synchronous method stays synchronous.
 *
 * Decorates methods, getters and setters, including static and private ones. As a standard decorator, it also decorates
 * fields that hold a function.
 *
 * @param options the options, or the span's name. Default name: `Class.method`
 * @throws TypeError if it stands on something that it cannot decorate, or if an option is unknown or has a bad value
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
  checkOptions(own, TRACED)
  const prepare = (member: string) => (call: Call) => run(call, own, member)
  return decorator({ decorator: 'Traced', any: true, prepare }) as TracedDecorator
}

/** The options of a class that traced methods use. */
const configOf = remembered((options: Given) => resolveOptions({ telemetry: options.telemetry, logger: options.logger }))

function run({ method, self, args, owner }: Call, own: TracedOptions, member: string): unknown {
  const home = classOf(owner)
  const config = configOf(optionsOf(home, owner))
  const opened = attempt(config, 'opening a span', () => open(config, own.name ?? nameIn(home, member), own, args))
  if (!opened) return Reflect.apply(method, self, args)
  const [span, inside] = opened
  const watcher: Watcher = {
    within: (part) => context.with(inside, part),
    over(failed) {
      attempt(config, 'ending a span', () => {
        if (failed) recordError(span, failed.thrown)
        span[Symbol.dispose]()
      })
    },
  }
  let result: unknown
  try {
    result = watcher.within(() => Reflect.apply(method, self, args) as unknown)
  } catch (thrown) {
    watcher.over({ thrown })
    throw thrown
  }
  return watched(result, watcher)
}

function open(config: Config, name: string, { attributes: more, kind }: TracedOptions, args: unknown[]): [DisposableSpan, Context] {
  ensureContextManager()
  const active = context.active()
  const invocation = currentOwner(active)
  const attributes = typeof more === 'function' ? attempt(config, '`attributes`', () => more(...(args as never[]))) : more
  const options = { attributes, kind } as SpanOptions
  const span = invocation ? invocation.span(name, options) : disposable(tracerOf(config.telemetry).startSpan(name, options, active))
  return [span, trace.setSpan(invocation ? contextWithin(invocation) : active, span)]
}
