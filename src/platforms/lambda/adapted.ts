import { type AnyFunction, dressed } from '../../core/layer.ts'
import { type LambdaArgs, responseStreamOf } from './arguments.ts'
import { callbackStyle, promisified } from './callback.ts'
import { streamed } from './streaming.ts'

/**
 * Adapts a handler of any of Lambda's styles to a function that is done when the invocation is. The style is determined at each
 * call: inside `awslambda.streamifyResponse`, a handler has no symbol yet.
 *
 * @param remainingMs milliseconds that a call may still take
 */
export function adapted(handler: AnyFunction, remainingMs: (args: LambdaArgs) => number): AnyFunction {
  const adapter = dressed(function (this: unknown, ...args: unknown[]) {
    const call = args as unknown as LambdaArgs
    const stream = responseStreamOf(call)
    if (stream) return streamed(() => Reflect.apply(handler, this, args), stream, () => remainingMs(call))
    if (callbackStyle(handler, args[1])) return promisified(handler, this, args)
    return Reflect.apply(handler, this, args)
  }, handler)
  // Node 24's runtime treats a handler with three parameters as a callback-style one, and refuses to start.
  return Object.defineProperty(adapter, 'length', { value: Math.min(handler.length, 2), configurable: true })
}
