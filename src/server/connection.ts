/**
 * The connection of a request: whose events are told in the context that it was opened in.
 *
 * @module
 */
import type { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Context, context } from '@opentelemetry/api'
import { remembered } from '../core/remembered.ts'
import type { Finite } from './request.ts'

/** What is told that what it came by is gone. */
export interface Told {
  gone(): void
}

/** What is told by a connection, or by a stream of HTTP/2: one listener for all, since Node warns of more than ten. */
const toldBy = remembered((connection: EventEmitter): Told[] => {
  const all: Told[] = []
  // Before Node's own, by which requests and responses are told.
  connection.prependListener('close', () => [...all].forEach((told) => told.gone()))
  return all
})

/**
 * Tells an exchange of the end of what its request came by.
 *
 * @returns those that are told; what is taken out of it is not. `undefined` where nothing would tell
 */
export function tellGone(told: Told, { socket }: IncomingMessage, { stream }: Finite): Told[] | undefined {
  // The socket of HTTP/2 is that of many requests, and behind a proxy for each.
  const connection = (stream ?? socket) as Duplex | null | undefined
  if (typeof connection?.prependListener !== 'function') return undefined
  if (connection.destroyed) queueMicrotask(() => told.gone())
  const all = toldBy(connection)
  all.push(told)
  return all
}

/** Has whatever an emitter tells from now on run in a context. */
export function tellWithin(emitter: EventEmitter, within: Context): void {
  const { emit } = emitter
  emitter.emit = (event, ...args) => context.with(within, emit, emitter, event, ...args)
}

const FOLLOWED = Symbol('flushed.followed')

/**
 * Has the listeners that are added to a request from now on run in the invocation's context: what is read from a socket is
 * told of in the context that the connection was opened in.
 */
export function follow(request: EventEmitter & { [FOLLOWED]?: boolean }, within: Context): void {
  if (request[FOLLOWED]) return
  request[FOLLOWED] = true
  const { emit } = request
  // What Node's own listeners are told of.
  const known: Record<string | symbol, number> = { end: request.listenerCount('end'), close: request.listenerCount('close') }
  request.emit = (event, ...args) => {
    // To enter a context is dear, and nearly all that a request tells is told to nobody.
    const told = request.listenerCount(event) > (known[event] ?? 0)
    return told ? context.with(within, emit, request, event, ...args) : Reflect.apply(emit, request, [event, ...args])
  }
}

/** Whether a request tells of more than its end: to follow those that do not has made servers slower for nothing. */
export const hasBody = ({ headers, httpVersionMajor }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined || httpVersionMajor > 1
