/**
 * The connection of a request. Its events are emitted in the context in which the connection was opened.
 *
 * @module
 */
import type { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Context, context } from '@opentelemetry/api'
import { remembered } from '../core/remembered.ts'
import type { Finite } from './request.ts'

/** An exchange, which is told when its connection is gone. */
export interface Told {
  gone(): void
}

/** Whether a request came over a connection. What adapters in the same process make has none. */
export const isConnected = (request: unknown): request is IncomingMessage =>
  typeof (request as Partial<IncomingMessage> | undefined)?.socket?.bytesRead === 'number'

/** The exchanges that a connection or an HTTP/2 stream tells: by one listener for all, because Node warns of more than ten. */
const toldBy = remembered((connection: EventEmitter): Told[] => {
  const all: Told[] = []
  // Before Node's own listener, which tells the requests and responses.
  connection.prependListener('close', () => [...all].forEach((told) => told.gone()))
  return all
})

/**
 * Tells an exchange when the connection or the HTTP/2 stream of its request ends.
 *
 * @returns the list of those that are told: remove an exchange from it to stop that. `undefined` if nothing would tell
 */
export function tellGone(told: Told, { socket }: IncomingMessage, { stream }: Finite): Told[] | undefined {
  // In HTTP/2, many requests share a socket, and each sees it through a proxy.
  const connection = (stream ?? socket) as Duplex | null | undefined
  if (typeof connection?.prependListener !== 'function') return undefined
  if (connection.destroyed) queueMicrotask(() => told.gone())
  const all = toldBy(connection)
  all.push(told)
  return all
}

/** Makes all listeners of an emitter run in a context from now on. */
export function tellWithin(emitter: EventEmitter, within: Context): void {
  const { emit } = emitter
  emitter.emit = (event, ...args) => context.with(within, emit, emitter, event, ...args)
}

const FOLLOWED = Symbol('flushed.followed')

/**
 * Makes listeners that are added to a request from now on run in the invocation's context. What is read from a socket is emitted
 * in the context in which the connection was opened.
 */
export function follow(request: EventEmitter & { [FOLLOWED]?: boolean }, within: Context): void {
  if (request[FOLLOWED]) return
  request[FOLLOWED] = true
  const { emit } = request
  // How many listeners of Node's own there are.
  const known: Record<string | symbol, number> = { end: request.listenerCount('end'), close: request.listenerCount('close') }
  request.emit = (event, ...args) => {
    // Entering a context is expensive, and nearly all events of a request have no listener.
    const told = request.listenerCount(event) > (known[event] ?? 0)
    return told ? context.with(within, emit, request, event, ...args) : Reflect.apply(emit, request, [event, ...args])
  }
}

/** Whether a request emits more than its end. Following requests that do not has made servers slower for nothing. */
export const hasBody = ({ headers, httpVersionMajor }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined || httpVersionMajor > 1
