/**
 * The wrap for any asynchronous function, and what every platform's wrap is made of.
 *
 * @module
 */
import { SpanKind } from '@opentelemetry/api'
import { type AnyFunction, type Layer, checkHandler, dressed } from './layer.ts'
import { type Wrap, invoke } from './lifecycle.ts'
import { type TelemetryOptions, resolveOptions } from './options.ts'
import type { Platform } from './platform.ts'

/** The properties that a function has of its own, if any. */
export type OwnOf<H extends AnyFunction> = [keyof H] extends [never] ? unknown : { [K in keyof H]: H[K] }

/**
 * The type of a wrapped handler: the handler's own. Only a handler that returns no promise gets a type of its own,
 * since its result now comes with one. It has the handler's properties all the same.
 */
export type Wrapped<H extends AnyFunction> = [Extract<ReturnType<H>, PromiseLike<unknown>>] extends [never]
  ? ((this: ThisParameterType<H>, ...args: Parameters<H>) => Promise<ReturnType<H>>) & OwnOf<H>
  : H

/** A layer that wraps. Used by itself it tells that a handler without a promise gets one; in a `stack` it is a layer. */
export type WrapLayer = (<H extends AnyFunction>(handler: H) => Wrapped<H>) & Layer

/** Wraps a handler for a platform. The one way in to the lifecycle. */
export function wrap<H extends AnyFunction>(handler: H, config: Wrap['config'], platform: Wrap['platform']): Wrapped<H> {
  checkHandler(handler)
  const parts: Wrap = { config, platform }
  const adapted = platform.adapt?.(handler) ?? handler
  const wrapper = function (this: unknown, ...args: unknown[]) {
    return promised(() => invoke(parts, adapted, this, args))
  }
  return dressed(wrapper, adapted, { platform: platform.name, original: handler }) as unknown as Wrapped<H>
}

/** What a function comes to, always as a promise. Without an `await`, which a promise would only wait longer for. */
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

/** The platform of functions that may run on any. */
export const anywhere: Platform = {
  name: 'generic',
  // Source: Cloudflare Workers, "Web standards", `navigator.userAgent`.
  timers: globalThis.navigator?.userAgent !== 'Cloudflare-Workers',
  describe: (_args, active) => ({ name: '', kind: SpanKind.INTERNAL, attributes: {}, links: [], parent: active }),
}

/**
 * Wraps any asynchronous function: a root span is opened, the function runs, whatever it leaves open is ended, and all
 * of it has been acknowledged, or reported as not, before the result is returned.
 *
 * The function's own result or error is what comes out, whatever the flush did.
 *
 * @throws TypeError when `handler` is no function or an option is unknown or has a bad value
 *
 * @example
 * export const importOrders = withTelemetry(async (batch: Batch) => { … }, { telemetry, timeoutMs: 5000 })
 */
export const withTelemetry = <H extends AnyFunction>(
  handler: H,
  options?: TelemetryOptions<Parameters<H>>,
): Wrapped<H> => wrap(handler, resolveOptions(options), anywhere)

/**
 * The same as a layer, for `stack`: `telemetry(options)(handler)` is `withTelemetry(handler, options)`.
 *
 * @throws TypeError when an option is unknown or has a bad value
 *
 * @example
 * export const handler = stack(telemetry({ timeoutMs: 500 }), validated)(async (event: Order) => { … })
 */
export function telemetry(options?: TelemetryOptions<never>): WrapLayer {
  return wrapLayer(resolveOptions(options), anywhere)
}
