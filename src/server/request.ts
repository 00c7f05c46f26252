/**
 * Node's requests, by OpenTelemetry's semantic conventions.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Attributes, type Context, SpanKind, type TextMapGetter } from '@opentelemetry/api'
import { extract, nearest } from '../core/propagation.ts'
import type { Description } from '../core/platform.ts'
import { addressOf } from '../web/address.ts'
import { redacted } from '../web/query.ts'
import { methodOf } from '../web/request.ts'
import { isRecorded } from './ambient.ts'

/** What a request is described by, and what the `attributes` option is given. */
export type Args = readonly [request: IncomingMessage, response: ServerResponse]

type Headers = IncomingMessage['headers']

const getter: TextMapGetter<Headers> = {
  get: (headers, key) => headers[key.toLowerCase()],
  keys: (headers) => Object.keys(headers),
}

/**
 * Describes the root span of a request. In a list that proxies have written, the first entry counts: the original client's.
 *
 * Source: semantic conventions for HTTP spans, "HTTP server".
 */
export function describeIncoming(request: IncomingMessage, active: Context): Description {
  const { headers, httpVersion } = request
  const attributes: Attributes = {}
  const name = methodOf(request.method ?? '', attributes)
  describeTarget(request, attributes)
  const agent = headers['user-agent']
  if (agent !== undefined) attributes['user_agent.original'] = agent
  const client = addressOf(first(headers['x-forwarded-for'])) ?? request.socket?.remoteAddress
  if (client !== undefined) attributes['client.address'] = client
  // Node says "2.0", and the protocol's name is "2".
  attributes['network.protocol.version'] = httpVersion === '2.0' ? '2' : httpVersion
  const kind = isRecorded(active) ? SpanKind.INTERNAL : SpanKind.SERVER
  return { name, kind, attributes, links: [], parent: nearest(active, extract(headers, getter, active)) }
}

function describeTarget(request: IncomingMessage, attributes: Attributes): void {
  const { headers, socket } = request
  attributes['url.scheme'] = first(headers['x-forwarded-proto']) ?? ((socket as { encrypted?: boolean } | null)?.encrypted ? 'https' : 'http')
  const host = first(headers['x-forwarded-host']) ?? headers[':authority'] ?? headers.host
  if (typeof host === 'string') describeHost(host, attributes)
  const target = targetOf(request)
  // A proxy is asked for a whole URL.
  const path = target.startsWith('/') ? target : target.replace(/^\w+:\/\/[^/?]*/, '')
  const query = path.indexOf('?')
  attributes['url.path'] = query < 0 ? path : path.slice(0, query)
  if (query >= 0 && query + 1 < path.length) attributes['url.query'] = redacted(path.slice(query + 1))
}

/** The part of a response, of HTTP/1 or HTTP/2, that says that it is over. */
export interface Finite {
  readonly destroyed?: boolean
  readonly writableFinished?: boolean
  /** The error with which it was destroyed. */
  readonly errored?: Error | null
  /** Absent while it is not the response's turn yet. */
  readonly socket?: unknown
  readonly stream?: Http2Stream | undefined
}

interface Http2Stream {
  readonly destroyed?: boolean
  readonly aborted?: boolean
  readonly writableFinished?: boolean
  readonly rstCode?: number | undefined
  readonly errored?: Error | null
}

/** Whether a response has been sent, or never will be: no event reports its end any more. */
export const isOver = ({ destroyed, writableFinished, stream }: Finite): boolean =>
  !!(destroyed || writableFinished || stream?.destroyed)

/** Whether a response that has finished has been sent. An HTTP/2 response also finishes if its stream is reset or destroyed. */
export const isSent = ({ stream }: Finite): boolean => !stream?.rstCode && !stream?.aborted

/** Bytes written so far to a response's connection. `undefined` before its turn, and for HTTP/2, where many requests share one. */
export const writtenBefore = ({ httpVersionMajor }: IncomingMessage, { socket }: ServerResponse): number | undefined =>
  httpVersionMajor === 1 ? socket?.bytesWritten : undefined

/**
 * Whether all that `Content-Length` announces has been written. A client may close its connection when it has all of that, before
 * the file that is sent has told the server of its end: then nobody ends the response.
 *
 * @param before the bytes that had been written to the connection before the response
 */
export function isWhole({ socket }: IncomingMessage, headers: Readonly<Record<string, unknown>>, before: number | undefined): boolean {
  if (before === undefined) return false
  // Without headers, or without a length among them, this is `NaN`.
  let least = Number(headers['content-length']) + LEAST_HEAD
  for (const name in headers) least += `${name}: ${headers[name]}\r\n`.length
  return socket.bytesWritten - socket.writableLength - before >= least
}

/** Bytes that Node itself writes before a body, at least: `HTTP/1.1 200 OK`, `Date`, `Connection: close` and an empty line. */
const LEAST_HEAD = 75

/**
 * Whether the server itself has ended a response midway. Frameworks do so when a stream fails, and tell nobody why. A client that
 * leaves has ended its side before, or has reset it.
 */
export function isCut({ socket }: IncomingMessage, { stream }: Finite): boolean {
  if (stream) return !stream.rstCode && stream.writableFinished === false
  return !!socket?.destroyed && !socket.readableEnded && !socket.errored
}

/**
 * The error with which the server itself has ended a response, such as that of a failed stream. Node has errors of its own, which
 * do not count, for a response that waits for another's end on a connection that the client has closed, and for an HTTP/2
 * response that has been reset.
 */
export function failureOf({ errored, socket, stream }: Finite): Error | null | undefined {
  // An HTTP/2 response does not have the error, but its stream does.
  const error: NodeJS.ErrnoException | null | undefined = errored ?? stream?.errored
  const left = (!socket && error?.code === 'ECONNRESET') || /^ERR_HTTP2_(STREAM|SESSION)_ERROR$/.test(error?.code as string)
  return left ? undefined : error
}

/** The status that was sent. An HTTP/2 response does not know a status that its stream was told. */
export function statusOf({ statusCode, stream }: { readonly statusCode: number; readonly stream?: unknown }): number {
  const { sentHeaders } = (stream ?? {}) as { readonly sentHeaders?: { readonly ':status'?: number } }
  return sentHeaders?.[':status'] ?? statusCode
}

/** The target of a request. Frameworks take off the path at which they are mounted. */
export function targetOf(request: IncomingMessage): string {
  const { originalUrl, url = '' } = request as { originalUrl?: string; url?: string }
  return originalUrl ?? url
}

// One entry is enough: most servers are reached by one name.
let known = { host: '', address: '', port: NaN }

/** Describes a host: a name, or an address in brackets, and a port. */
function describeHost(host: string, attributes: Attributes): void {
  if (known.host !== host) {
    const colon = host.lastIndexOf(':')
    const port = colon > host.lastIndexOf(']') ? Number(host.slice(colon + 1)) : NaN
    known = { host, address: colon < 0 || Number.isNaN(port) ? host : host.slice(0, colon), port }
  }
  attributes['server.address'] = known.address
  if (known.port > 0) attributes['server.port'] = known.port
}

/** The first entry of a list in a header, if there is one. */
const first = (header: string | string[] | undefined): string | undefined =>
  (header && String(header).split(',', 1)[0]?.trim()) || undefined
