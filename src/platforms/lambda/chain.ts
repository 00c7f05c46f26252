import { type AnyFunction, dressed } from '../../core/layer.ts'

const METHODS = ['use', 'before', 'after', 'onError', 'handler'] as const

/**
 * The handler that `middy()` makes has methods that return it, for the next call. Those of a wrapped one have to return
 * the wrapped one, or `withTelemetry(middy()).handler(h)` would be without telemetry, and nobody would notice.
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
