import type { IncomingMessage, ServerResponse } from 'node:http'
import { context } from '@opentelemetry/api'
import { invalidOption } from '../../core/errors.ts'
import { dressed } from '../../core/layer.ts'
import { isThenable } from '../../core/stage.ts'
import { exchange } from '../../server/exchange.ts'
import { type ServerOptions, onServer } from '../../server/options.ts'

/** Options of a listener of Node's `http`. */
export type NodeOptions<Request = IncomingMessage, Response = ServerResponse> = ServerOptions<[request: Request, response: Response]>

/** What Node's `http`, `https` and `http2` (by its compatibility API) call for each request. */
// oxlint-disable-next-line typescript/no-explicit-any -- frameworks have listeners for classes of their own
type Listener = (this: any, request: any, response: any, ...more: any[]) => unknown

/**
 * Wraps a listener of Node's `http`: `(request, response) => …`.
 *
 * The root span stays open until the response has been sent or the client is gone, whatever the listener returns. The response
 * does not wait for the flush.
 *
 * What the listener throws, or rejects with, is recorded, and goes where it goes without the wrap.
 *
 * @throws TypeError if `listener` is not a function, or if an option is unknown or has a bad value
 *
 * @example
 * createServer(withTelemetry(async (request, response) => {
 *   response.end(JSON.stringify(await ordersOf(request)))
 * }, { telemetry })).listen(3000)
 */
export function withTelemetry<L extends Listener = (request: IncomingMessage, response: ServerResponse) => unknown>(
  listener: L,
  options?: NodeOptions<Parameters<L>[0], Parameters<L>[1]>,
): L {
  if (typeof listener !== 'function') throw invalidOption('listener', listener, 'a function')
  const wrap = onServer('node', options)
  const wrapper = function (this: unknown, ...args: Parameters<Listener>) {
    const open = exchange(wrap, args[0], args[1])
    if (!open) return Reflect.apply(listener, this, args)
    try {
      const result = context.with<unknown[], Listener>(open.context, listener, this, ...args)
      if (!isThenable(result)) return result
      // Return this promise in place of the listener's. Beside it, one of the two would be an unhandled rejection of ours.
      return result.then(undefined, (error: unknown) => {
        open.failed(error)
        throw error
      })
    } catch (error) {
      open.failed(error)
      throw error
    }
  }
  return dressed(wrapper, listener, { platform: 'node', original: listener }) as L
}
