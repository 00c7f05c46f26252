/**
 * Layers: functions from handler to handler, and how they are put together.
 *
 * @module
 */
import { invalidOption } from './errors.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- the one place where "any function" is meant, as in `Parameters<T>`
export type AnyFunction = (this: any, ...args: any[]) => unknown

/** A function from handler to handler. `withTelemetry(handler, opts)` is `telemetry(opts)(handler)`. */
export type Layer = <H extends AnyFunction>(handler: H) => H

/** The property of every wrapped function that says what it was wrapped with. */
export const WRAPPED: unique symbol = Symbol.for('flushed.wrapped') as never

/** What a wrapped function carries under `Symbol.for('flushed.wrapped')`. */
export interface WrapInfo {
  readonly platform: string
  readonly original: AnyFunction
}

/** The layer that changes nothing. */
export const identity: Layer = (handler) => handler

/**
 * Several layers as one. The first is the outermost: `stack(a, b)(handler)` is `a(b(handler))`, so `a` starts first and
 * is done last.
 *
 * Somebody else's wrapper, which has a type of its own for handlers, may be among them if what it returns is called as the
 * handler is: the stack's result has the handler's type.
 *
 * @example
 * // One invocation, of several attempts. The other way round, each attempt would be one, with a root and a flush.
 * export const handler = stack(telemetry({ timeoutMs: 500 }), retried)(async (event: Order) => { … })
 */
export const stack =
  (...layers: readonly (Layer | ((handler: never) => AnyFunction))[]): Layer =>
  (handler) =>
    (layers as readonly Layer[]).reduceRight((inner, outer) => outer(inner), handler)

/**
 * A layer of one's own: `around` is called in place of the handler, with `next` to call it. The result has the
 * handler's type, name, length and own properties, and its `this` reaches the handler.
 *
 * @example
 * const timed = layer(async (next, args) => {
 *   const start = performance.now()
 *   try {
 *     return await next(...args)
 *   } finally {
 *     console.log(performance.now() - start)
 *   }
 * })
 * export const handler = stack(telemetry(options), timed)(async (event) => { … })
 */
export const layer =
  (around: (next: (...args: unknown[]) => unknown, args: unknown[]) => unknown): Layer =>
  <H extends AnyFunction>(handler: H) =>
    dressed(function (this: unknown, ...args: unknown[]) {
      return around((...passed) => Reflect.apply(handler, this, passed), args)
    }, handler) as unknown as H

/** Whether a function's calls are over before any of it has run. */
export const isGenerator = (handler: unknown): boolean => /GeneratorFunction]/.test(Object.prototype.toString.call(handler))

/** Checks what is to be wrapped. @throws TypeError quoting what is no handler */
export function checkHandler(handler: unknown): void {
  if (typeof handler !== 'function' || isGenerator(handler)) throw invalidOption('handler', handler, 'a function, and no generator')
}

/** What is known of a wrapped function; `undefined` for one that is not wrapped. */
export const wrapInfo = (handler: unknown): WrapInfo | undefined =>
  typeof handler === 'function' ? (handler as { [WRAPPED]?: WrapInfo })[WRAPPED] : undefined

/**
 * Gives a wrapper the name, length and own properties of what it wraps, symbols included: Lambda finds streaming
 * handlers by symbols, and its Node 24 runtime refuses handlers by their length.
 */
export function dressed<W extends AnyFunction>(wrapper: W, original: AnyFunction, info?: WrapInfo): W {
  // In a bundle that is not strict, which those in CommonJS are not, functions have the latter two for good.
  const { prototype: _p, arguments: _a, caller: _c, ...own } = Object.getOwnPropertyDescriptors(original) as PropertyDescriptorMap
  if (info) own[WRAPPED] = { value: info }
  for (const key of Reflect.ownKeys(own)) Object.defineProperty(wrapper, key, { ...own[key], configurable: true })
  return wrapper
}
