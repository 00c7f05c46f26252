import type { Context } from '@opentelemetry/api'
import { onWorkerd } from '../core/environment.ts'
import { invalidOption } from '../core/errors.ts'
import type { Wrap } from '../core/lifecycle.ts'
import { type TelemetryOptions, resolveOptions } from '../core/options.ts'
import { type DrainOptions, drainMsOf } from './drain.ts'
import { serverLifetime } from './lifetime.ts'
import { type Args, describeIncoming } from './request.ts'

/** Options of a Node server's requests. */
export interface ServerOptions<Args extends readonly unknown[] = []> extends TelemetryOptions<Args>, DrainOptions {
  /**
   * When to flush. On a server, that is always after the response; where the process stays, a flush serves many requests at once.
   * Nothing here could hold a response back.
   *
   * @default 'auto'
   */
  flush?: 'auto' | 'after-response' | undefined
}

/** Whether the server runs on Cloudflare Workers, by `cloudflare:node`. */
const onWorkers = (): string | false =>
  onWorkerd() && "Cloudflare Workers, which may stop it before a flush is over: wrap the whole, `withTelemetry(httpServerHandler({ port }))` of 'flushed/workers'"

/** A server's part of the lifecycle. @throws TypeError naming the option and quoting the value */
export function onServer(name: string, options: ServerOptions<never> = {}): Wrap {
  const config = resolveOptions(options, ['drainMs'])
  if (config.flush === 'before-response') throw invalidOption('flush', config.flush, "'auto' or 'after-response' on a server")
  const platform = {
    name,
    describe: ([request]: Args, active: Context) => describeIncoming(request, active),
    ...serverLifetime(() => wrap, drainMsOf(options), { elsewhere: onWorkers }),
  }
  const wrap: Wrap = { config, platform }
  return wrap
}
