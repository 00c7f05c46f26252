import { type AnyFunction, dressed } from '../../core/layer.ts'

const METHODS = ['use', 'before', 'after', 'onError', 'handler'] as const

/**
 * Makes the chaining methods of a wrapped `middy()` handler return the wrapped handler. Middy's own methods return the original
 * one, so that `withTelemetry(middy()).handler(h)` would have no telemetry, and nobody would notice.
 */
export function chainable<W extends AnyFunction>(wrapper: W, original: AnyFunction): W {
  const methods = original as unknown as Readonly<Record<string, unknown>>
  if (!METHODS.every((name) => typeof methods[name] === 'function')) return wrapper
  for (const name of METHODS) {
    const method = methods[name] as AnyFunction
    const chained = (...args: unknown[]) => {
      const result = Reflect.apply(method, original, args)
      return result === original ? wrapper : result
    }
    Object.defineProperty(wrapper, name, { value: dressed(chained, method), writable: true, enumerable: true, configurable: true })
  }
  return wrapper
}
