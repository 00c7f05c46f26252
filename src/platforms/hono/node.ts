/**
 * Requests to Hono's server for Node: their response tells by itself when it has been sent, so that its body need not be
 * followed, which would cost the shortcut that the server has for bodies that are there at once.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Span } from '@opentelemetry/api'
import type { Config } from '../../core/options.ts'
import { recordError } from '../../core/span.ts'
import { type Finite, describeIncoming, isOver } from '../../server/request.ts'
import type { HonoContext } from './context.ts'
import type { Place, Settings } from './platform.ts'

/** What is used of Node's response, be it of HTTP/1 or of HTTP/2. */
interface Outgoing extends Finite {
  readonly statusCode: number
  /** What it was destroyed with. */
  readonly errored?: Error | null
  on(event: 'finish' | 'close', listener: () => void): unknown
}

/** What `@hono/node-server` hands to an application as its bindings. */
export interface NodeBindings {
  readonly incoming: IncomingMessage
  /** Absent for an upgrade. */
  readonly outgoing?: Outgoing | undefined
}

/** The bindings of a request, if it is one to a server for Node, and its response is not to wait for the flush. */
export function nodeOf({ env }: HonoContext, { flush }: Config): NodeBindings | undefined {
  const { incoming, outgoing } = (env ?? {}) as Partial<NodeBindings>
  return incoming?.headers && flush !== 'before-response' ? { incoming, outgoing } : undefined
}

export const onNode = ({ incoming }: NodeBindings, { server }: Settings): Place => ({
  ...server,
  describe: (_args, active) => describeIncoming(incoming, active),
})

/**
 * Resolves when the response has been sent, or never will be. To be called before either.
 *
 * @param span is told how it ended, and with which status: the application knows of none where it has thrown what is no error
 */
export const sent = (outgoing: Outgoing, span: Span | undefined): Promise<void> =>
  new Promise((resolve) => {
    let finished = false
    outgoing.on('finish', () => {
      finished = true
      if (span?.isRecording()) span.setAttribute('http.response.status_code', outgoing.statusCode)
      resolve()
    })
    if (isOver(outgoing)) return resolve()
    // Without the other where the client is gone, or the body has failed.
    outgoing.on('close', () => {
      if (finished || !span?.isRecording()) return resolve()
      if (outgoing.errored) recordError(span, outgoing.errored)
      else span.setAttribute('flushed.response_stream', 'cancelled')
      resolve()
    })
  })
