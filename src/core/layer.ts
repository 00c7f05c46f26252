/**
 * Layers: functions from handler to handler, and how to combine them.
 *
 * @module
 */
import { invalidOption } from './errors.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- the one place where "any function" is meant, as in `Parameters<T>`
export type AnyFunction = (this: any, ...args: any[]) => unknown

/** A function from handler to handler. `withTelemetry(handler, opts)` is `telemetry(opts)(handler)`. */
export type Layer = <H extends AnyFunction>(handler: H) => H

/** The property of every wrapped function that says what the function was wrapped with. */
export const WRAPPED: unique symbol = Symbol.for('flushed.wrapped') as never

/** What a wrapped function carries under `Symbol.for('flushed.wrapped')`. */
export interface WrapInfo {
  readonly platform: string
  readonly original: AnyFunction
}

/** The layer that changes nothing. */
export const identity: Layer = (handler) => handler

/**
 * Combines several layers into one. The first is the outermost: `stack(a, b)(handler)` is `a(b(handler))`, so `a` starts
 * first and finishes last.
 *
 * A third-party wrapper with a handler type of its own may be among the layers if what it returns is called the way the
 * handler is: the stack's result has the handler's type.
 *
 * @example
 * // One invocation with several attempts. In the other order, each attempt would be an invocation with a root and a flush.
 * export const handler = stack(telemetry({ timeoutMs: 500 }), retried)(async (event: Order) => { … })
 */
export const stack =
  (...layers: readonly (Layer | ((handler: never) => AnyFunction))[]): Layer =>
  (handler) =>
    (layers as readonly Layer[]).reduceRight((inner, outer) => outer(inner), handler)

/**
 * Makes a layer of your own: `around` is called in place of the handler, and calls the handler with `next`. The result has
 * the handler's type, name, length and own properties, and passes its `this` to the handler.
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

/** Whether a function is a generator, whose calls return before any of its code has run. */
export const isGenerator = (handler: unknown): boolean => /GeneratorFunction]/.test(Object.prototype.toString.call(handler))

/** Checks that a handler can be wrapped. @throws TypeError quoting what is not a handler */
export function checkHandler(handler: unknown): void {
  if (typeof handler !== 'function' || isGenerator(handler)) throw invalidOption('handler', handler, 'a function, and no generator')
}

/** Returns what a function was wrapped with, or `undefined` if the function is not wrapped. */
export const wrapInfo = (handler: unknown): WrapInfo | undefined =>
  typeof handler === 'function' ? (handler as { [WRAPPED]?: WrapInfo })[WRAPPED] : undefined

/**
 * Gives a wrapper the name, length and own properties of what it wraps, symbols included: Lambda finds streaming
 * handlers by symbols, and its Node 24 runtime refuses handlers by their length.
 */
export function dressed<W extends AnyFunction>(wrapper: W, original: AnyFunction, info?: WrapInfo): W {
  // CommonJS bundles are not strict. There, up to Node 24, functions have an `arguments` and a `caller` that cannot be redefined.
  const { prototype: _p, arguments: _a, caller: _c, ...own } = Object.getOwnPropertyDescriptors(original) as PropertyDescriptorMap
  if (info) own[WRAPPED] = { value: info }
  for (const key of Reflect.ownKeys(own)) Object.defineProperty(wrapper, key, { ...own[key], configurable: true })
  // By its prototype, the `async` package tells a function that returns a promise from one that takes a callback.
  return Object.setPrototypeOf(wrapper, Object.getPrototypeOf(original)) as W
}
