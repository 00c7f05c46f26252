/**
 * Streaming bodies: a request that is over when its response's body is.
 *
 * @module
 */
import { clock } from '../core/clock.ts'
import { isResponse } from './response.ts'

/** How a body has ended, as far as anybody can tell. */
export type BodyEnd = 'finished' | 'cancelled' | 'failed' | 'idle' | 'unknown'

/** What is told of a body. */
export interface Follower {
  /** Milliseconds without a byte after which a body is taken to have ended. */
  readonly idleMs: number
  /** Aborted when the client is gone, where the runtime tells. */
  readonly signal?: AbortSignal | undefined
  /** Something has come; should nothing more be heard of the body, it will have ended by then. */
  touched(byMs: number): void
  /** Keeps the runtime going for as long as it allows, beside the body; absent where nothing does. */
  keep?: ((work: Promise<unknown>) => void) | undefined
  /** Called once; for a body that is complete, before the response is there. Whoever waits for the end, waits for this. */
  ended(how: BodyEnd, error?: unknown): Promise<unknown> | void
}

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>

/** Bytes that a copy may be ahead of what the client has been sent. */
const MOST_AHEAD = 1 << 20
const CHUNK = 1 << 16
/** Milliseconds for which a copy is read, with room left for a flush in what platforms allow after a response. */
const COPIED_MS = 20_000

/**
 * Follows the body of a response to its end.
 *
 * @returns the response, or one to send in its place, with the same status, headers and bytes
 */
export async function follow<R>(response: R, method: string | undefined, follower: Follower): Promise<R | Response> {
  const { idleMs, signal } = follower
  // An encoded body would have to be decoded to be looked into.
  const plain = isResponse(response) && !response.bodyUsed && method !== 'HEAD' && !response.headers.has('content-encoding')
  if (!plain || !response.body || response.body.locked) {
    await follower.ended('finished')
    return response
  }
  const { body, headers } = response
  let over = false
  let timer: unknown
  let touchedAt = 0
  let until = Infinity
  let copy: ReadableStreamBYOBReader | undefined

  const leave = () => void copy?.cancel().catch(() => {})
  const end = (how: BodyEnd, error?: unknown) => {
    if (over) return
    over = true
    clock().clearTimeout(timer)
    signal?.removeEventListener('abort', aborted)
    leave()
    return follower.ended(how, error)
  }
  const aborted = () => void end('cancelled')
  const touch = () => {
    touchedAt = clock().now()
    follower.touched(touchedAt + idleMs)
  }
  // One timer, set again when it rings too early: a stream may have very many chunks.
  const watch = () => {
    const now = clock().now()
    const leftMs = Math.min(touchedAt + idleMs, until) - now
    if (leftMs > 0) timer = clock().setTimeout(watch, leftMs)
    else void end(until > now ? 'idle' : 'unknown')
  }

  /** The same chunks, and none of them read before somebody asks for it. */
  const followed = (bytes: Bytes): Bytes => {
    const reader = bytes.getReader()
    watch()
    return new ReadableStream(
      {
        async pull(controller) {
          try {
            const { done, value } = await reader.read()
            touch()
            if (!done) return controller.enqueue(value)
          } catch (error) {
            await end('failed', error)
            throw error
          }
          await end('finished')
          controller.close()
        },
        async cancel(reason) {
          await Promise.all([reader.cancel(reason), end('cancelled')])
        },
      },
      { highWaterMark: 0 },
    )
  }
  const read = async (reader: ReadableStreamBYOBReader): Promise<[how: BodyEnd, error?: unknown]> => {
    try {
      let buffer = new ArrayBuffer(CHUNK)
      for (let bytes = 0; bytes < MOST_AHEAD; ) {
        const { done, value } = await reader.read(new Uint8Array(buffer))
        if (done) return ['finished']
        touch()
        bytes += value.byteLength
        buffer = value.buffer
      }
      return ['unknown']
    } catch (error) {
      return ['failed', error]
    }
  }

  touch()
  signal?.addEventListener('abort', aborted)
  if (signal?.aborted) aborted()
  // A stream that JavaScript fills with chunks has no length.
  if (!isBytes(body)) return new Response(followed(body), response)
  // Of others, only the runtime knows whether they have one, and a copy is all that keeps it.
  const [sent, other] = body.tee() as [Bytes, Bytes]
  const reading = read((copy = other.getReader({ mode: 'byob' })))
  // What is there already is read before the response goes: afterwards nothing may be left that keeps the request alive.
  const complete = await Promise.race([reading, new Promise<void>((resolve) => clock().setTimeout(() => resolve(), 0))])
  if (complete) await end(...complete)
  // These have no length. Whoever passes on what others produce passes on, too, that nobody wants it any more.
  else if (!follower.keep || headers.has('transfer-encoding') || headers.get('content-type')?.startsWith('text/event-stream')) {
    leave()
    return new Response(followed(sent), response)
  } else {
    // The runtime may be gone by the time that this has seen the end of a body which it does not pass on itself.
    until = clock().now() + COPIED_MS
    watch()
    follower.keep(reading)
    void reading.then((how) => end(...how))
  }
  return new Response(sent, response)
}

function isBytes(body: ReadableStream): boolean {
  try {
    body.getReader({ mode: 'byob' }).releaseLock()
    return true
  } catch {
    return false
  }
}
