/**
 * The wrap for any asynchronous function, and the parts that every platform's wrap is made of.
 *
 * @module
 */
import { SpanKind } from '@opentelemetry/api'
import { onWorkerd } from './environment.ts'
import { type AnyFunction, type Layer, checkHandler, dressed } from './layer.ts'
import { type Wrap, invoke } from './lifecycle.ts'
import { type TelemetryOptions, resolveOptions } from './options.ts'
import type { Platform } from './platform.ts'

/** The own properties of a function, if it has any. */
export type OwnOf<H extends AnyFunction> = [keyof H] extends [never] ? unknown : { [K in keyof H]: H[K] }

/**
 * The type of a wrapped handler: the handler's own type. Only a handler that returns no promise gets a new type, since the
 * wrapped handler returns one. That type still has the handler's own properties.
 */
export type Wrapped<H extends AnyFunction> = [Extract<ReturnType<H>, PromiseLike<unknown>>] extends [never]
  ? ((this: ThisParameterType<H>, ...args: Parameters<H>) => Promise<ReturnType<H>>) & OwnOf<H>
  : H

/**
 * A layer that wraps handlers. If you call it by itself, its type says that a handler that returns no promise now returns one.
 * In a `stack`, it is a {@link Layer}.
 */
export type WrapLayer = (<H extends AnyFunction>(handler: H) => Wrapped<H>) & Layer

/** Wraps a handler for a platform. */
export function wrap<H extends AnyFunction>(handler: H, config: Wrap['config'], platform: Wrap['platform']): Wrapped<H> {
  checkHandler(handler)
  const parts: Wrap = { config, platform }
  const adapted = platform.adapt?.(handler) ?? handler
  const wrapper = function (this: unknown, ...args: unknown[]) {
    return promised(() => invoke(parts, adapted, this, args))
  }
  return dressed(wrapper, adapted, { platform: platform.name, original: handler }) as unknown as Wrapped<H>
}

/** Calls a function and returns its result or error, always as a promise. An `await` here would only delay a promise. */
export function promised(run: () => unknown): Promise<unknown> {
  try {
    return Promise.resolve(run())
  } catch (thrown) {
    return Promise.reject(thrown)
  }
}

/** {@link wrap} as a layer. */
export const wrapLayer = (config: Wrap['config'], platform: Wrap['platform']): WrapLayer =>
  ((handler: AnyFunction) => wrap(handler, config, platform)) as WrapLayer

/** The platform of functions that may run on any platform. */
export const anywhere: Platform = {
  name: 'generic',
  // Marked as pure so that bundles of platforms that have their own leave this one out.
  timers: !(/* @__PURE__ */ onWorkerd()),
  describe: (_args, active) => ({ name: '', kind: SpanKind.INTERNAL, attributes: {}, links: [], parent: active }),
}

/**
 * Wraps any asynchronous function so that its telemetry is acknowledged, or reported as not acknowledged, before its result
 * is returned.
 *
 * The wrap opens a root span, runs the function, ends whatever the function leaves open, and flushes. Whatever the flush
 * does, the caller gets the function's own result or error.
 *
 * @throws TypeError when `handler` is not a function, or an option is unknown or has a bad value
 *
 * @example
 * export const importOrders = withTelemetry(async (batch: Batch) => { … }, { telemetry, timeoutMs: 5000 })
 */
export const withTelemetry = <H extends AnyFunction>(
  handler: H,
  options?: TelemetryOptions<Parameters<H>>,
): Wrapped<H> => wrap(handler, resolveOptions(options), anywhere)

/**
 * Makes a layer of {@link withTelemetry}, for `stack`: `telemetry(options)(handler)` is `withTelemetry(handler, options)`.
 *
 * @throws TypeError when an option is unknown or has a bad value
 *
 * @example
 * export const handler = stack(telemetry({ timeoutMs: 500 }), validated)(async (event: Order) => { … })
 */
export function telemetry(options?: TelemetryOptions<never>): WrapLayer {
  return wrapLayer(resolveOptions(options), anywhere)
}
