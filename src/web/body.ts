/**
 * Streaming bodies: a request is over when its response's body is.
 *
 * @module
 */
import { clock, nextTurn } from '../core/clock.ts'
import { ENDLESS_MS } from '../core/deadline.ts'
import { onWorkerd } from '../core/environment.ts'
import { hasMethod } from '../core/reading.ts'
import { over } from './over.ts'
import { isResponse } from './response.ts'
import { isEndless, mayBeStreamed } from './streamed.ts'

/** How a body has ended, as far as it is known. */
export type BodyEnd = 'finished' | 'cancelled' | 'failed' | 'idle' | 'unknown'

/** How to follow a body, and whom to tell about it. */
interface Follower {
  /** Milliseconds without a byte after which a body is taken to have ended. */
  readonly idleMs: number
  /** Aborted when the client is gone, where the runtime reports it. */
  readonly signal?: AbortSignal | undefined
  /** The body shows a sign of life. If no other follows, the body has ended by `byMs`. */
  touched(byMs: number): void
  /** Runs the code that makes the body, in the context of the handler that has returned the body. */
  within<T>(run: () => T): T
  /** Keeps the runtime going beside the body, for as long as the runtime allows; absent where nothing does. */
  keep?: ((work: Promise<unknown>) => void) | undefined
  /** Called once; for a complete body, before the response is returned. Whoever waits for the end of the body, waits for this. */
  ended(how: BodyEnd, error?: unknown): Promise<unknown> | void
}

const CHUNK = 1 << 16
/**
 * Milliseconds for which a copy is read. If the runtime passes the body on by itself, nothing reports that the client has left,
 * and whatever fills the body goes on for as long as somebody reads.
 */
const COPIED_MS = 2000
/** Bytes of a copy that are read, at most: with a slow client, all that JavaScript can fill a byte stream with would pile up. */
const COPIED_BYTES = 8_000_000

/**
 * Follows the body of a response to its end.
 *
 * @returns the response, or one to send in its place, with the same status, headers and bytes
 */
export async function follow<R>(response: R, method: string | undefined, follower: Follower): Promise<R | Response> {
  const { idleMs, signal, keep } = follower
  const body = isResponse(response) && method !== 'HEAD' && mayBeStreamed(response) && bodyOf(response)
  const native = onWorkerd()
  const bytes = !!body && isBytes(body)
  // Event streams never need a length, and go on for longer than a copy may.
  const unmeasured = !bytes || isEndless(response.headers)
  // For other bodies, only the runtime knows whether they have a length, and only a copy keeps it. A body without a length can be
  // replaced by another, unless a backend has answered with a status that no program may use, such as 999.
  if (!body || !(unmeasured ? response.status > 199 && response.status < 600 : keep && native)) {
    await follower.ended('finished')
    return response
  }

  let over = false
  let timer: unknown
  let touchedAt = 0
  let copy: ReadableStreamBYOBReader | undefined
  const end = (how: BodyEnd, error?: unknown) => {
    if (over) return
    over = true
    clock().clearTimeout(timer)
    signal?.removeEventListener('abort', aborted)
    // Otherwise, whatever fills the copy would go on for nobody.
    void copy?.cancel().catch(() => {})
    return follower.ended(how, error)
  }
  const aborted = () => void end('cancelled')
  const touch = () => follower.touched((touchedAt = clock().now()) + idleMs)
  touch()
  const until = unmeasured ? Infinity : touchedAt + COPIED_MS
  // One timer, set again when it rings too early: a stream may have very many chunks.
  const watch = () => {
    const now = clock().now()
    const leftMs = Math.min(touchedAt + idleMs, until) - now
    if (leftMs > 0) timer = clock().setTimeout(watch, Math.min(leftMs, ENDLESS_MS))
    else void end(now < until ? 'idle' : 'unknown')
  }
  watch()
  signal?.addEventListener('abort', aborted)
  if (signal?.aborted) aborted()
  if (unmeasured) return like(response, followed(body, bytes && native, touch, end, follower))

  // Do not read before the response goes: what a copy has by then is sent only with what comes next.
  copy = (response.clone().body as ReadableStream).getReader({ mode: 'byob' })
  const reading = nextTurn().then(() => read(copy as ReadableStreamBYOBReader, touch))
  // Without this, the runtime may be gone before this code sees the end of a body that the runtime passes on by itself.
  keep?.(reading)
  void reading.then((how) => end(...how))
  return response
}

/** A response with another body. It has the same class if that is constructed like `Response`: Next's class has cookies. */
function like(response: Response, body: ReadableStream): Response {
  const Made = response.constructor as typeof Response
  try {
    if (Made !== Response) {
      const { status, statusText, headers } = response
      // Some classes copy the own properties of what they are given. Others read what else a response has.
      const init = over(response, { status, statusText, headers })
      // Try with an unused stream first, because a class may do anything with the stream that it is given.
      const stream = new ReadableStream()
      if (new Made(stream, init).body === stream) return new Made(body, init)
    }
  } catch {
    // The class is constructed in some other way.
  }
  return new Response(body, response)
}

/** No encoding. Some say `none` so that nobody compresses their events. */
const UNENCODED = /^(none|identity)$/i

/** The body, if it can be followed: an encoded one would have to be decoded first. */
const bodyOf = ({ body, bodyUsed, headers }: Response) =>
  !bodyUsed && UNENCODED.test(headers.get('content-encoding') ?? 'none') && !body?.locked && hasMethod(body, 'getReader') && body

/** Whether a body is a byte stream. What JavaScript fills with chunks has no length, and cannot be read into a buffer. */
function isBytes(body: ReadableStream): boolean {
  try {
    body.getReader({ mode: 'byob' }).releaseLock()
    return true
  } catch {
    return false
  }
}

type Ended = readonly [how: BodyEnd, error?: unknown]

/**
 * Passes on the same bytes as they come. Reads none before somebody asks for it, in whatever context that happens.
 *
 * @param large whether a chunk may have more than the runtime puts into one by itself, which is 4 KiB
 */
function followed(body: ReadableStream, large: boolean, touch: () => void, end: (...how: Ended) => unknown, { within }: Follower): ReadableStream {
  let reader: ReadableStreamBYOBReader
  return new ReadableStream(
    {
      // Not earlier: at compatibility dates before 2022-11-30, this constructor does not exist, and the body has to stay usable.
      start() {
        reader = body.getReader((large ? { mode: 'byob' } : {}) as { mode: 'byob' })
      },
      async pull(controller) {
        try {
          const { done, value } = await within(() => reader.read(large ? new Uint8Array(CHUNK) : (undefined as never)))
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
        // `end` first, because cancelling ends a read that is under way.
        await Promise.all([end('cancelled'), within(() => reader.cancel(reason))])
      },
    },
    { highWaterMark: 0 },
  )
}

/**
 * Reads a copy: at the client's pace where the runtime fills it, because the runtime's `tee` takes no more than both branches
 * have room for. Never rejects.
 */
async function read(copy: ReadableStreamBYOBReader, touch: () => void): Promise<Ended> {
  try {
    let view = new Uint8Array(CHUNK)
    for (let bytes = 0; bytes < COPIED_BYTES; view = new Uint8Array(view.buffer)) {
      const { done, value } = await copy.read(view)
      if (done) return ['finished']
      touch()
      view = value
      bytes += value.length
    }
    return ['unknown']
  } catch (error) {
    return ['failed', error]
  }
}
