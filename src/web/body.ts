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

/**
 * Follows the body of a response to its end.
 *
 * @returns the response, or one to send in its place, with the same status, headers and bytes
 */
export async function follow<R>(response: R, method: string | undefined, follower: Follower): Promise<R | Response> {
  const watch = new Watch(follower)
  // An upgraded connection is none of ours, and an encoded body would have to be decoded to be looked into.
  if (!isResponse(response) || !response.body || response.bodyUsed || response.body.locked || method === 'HEAD' ||
    response.status < 200 || response.headers.has('content-encoding')) {
    await watch.end('finished')
    return response
  }
  const { body } = response
  if (!isBytes(body)) return new Response(watch.values(body), response)
  // Only the runtime knows the length of what is buffered, stored or fixed, and a copy is all that keeps it.
  const [sent, copy] = body.tee() as [Bytes, Bytes]
  // What is there already is read before the response goes: afterwards nothing may be left that keeps the request alive.
  const complete = await watch.drained(copy)
  return new Response(complete || follower.keep ? sent : watch.values(sent), response)
}

// A stream that JavaScript fills with chunks has no length, and cannot be read into a buffer. All else may have one.
function isBytes(body: ReadableStream): boolean {
  try {
    body.getReader({ mode: 'byob' }).releaseLock()
    return true
  } catch {
    return false
  }
}

class Watch {
  #over = false
  #timer: unknown
  #touchedAt = 0
  /** Whether a copy is no longer of interest. */
  #left = false

  constructor(readonly follower: Follower) {
    follower.signal?.addEventListener('abort', this.#aborted)
  }

  readonly #aborted = () => void this.end('cancelled')

  end(how: BodyEnd, error?: unknown): Promise<unknown> | void {
    if (this.#over) return
    this.#over = true
    clock().clearTimeout(this.#timer)
    this.follower.signal?.removeEventListener('abort', this.#aborted)
    return this.follower.ended(how, error)
  }

  /** One timer, set again when it rings too early: a stream may have very many chunks. */
  #touch(): void {
    this.#touchedAt = clock().now()
    this.follower.touched(this.#touchedAt + this.follower.idleMs)
    if (this.#timer === undefined && !this.#over) this.#wait(this.follower.idleMs)
  }

  #wait(ms: number): void {
    this.#timer = clock().setTimeout(() => {
      const left = this.#touchedAt + this.follower.idleMs - clock().now()
      if (left > 0) this.#wait(left)
      else void this.end('idle')
    }, ms)
  }

  /** The same chunks, and none of them read before somebody asks for it. */
  values(body: Bytes): Bytes {
    const reader = body.getReader()
    this.#touch()
    return new ReadableStream(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await reader.read()
            this.#touch()
            if (!done) return controller.enqueue(value)
          } catch (error) {
            await this.end('failed', error)
            throw error
          }
          await this.end('finished')
          controller.close()
        },
        cancel: async (reason) => {
          await Promise.all([reader.cancel(reason), this.end('cancelled')])
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** Reads a copy, to its end if that is there, or else for as long as somebody keeps the runtime going. */
  async drained(copy: Bytes): Promise<boolean> {
    const reading = this.#read(copy)
    const now = new Promise<undefined>((resolve) => clock().setTimeout(() => resolve(undefined), 0))
    const complete = await Promise.race([reading, now])
    if (complete) await this.end(...complete)
    else if (this.follower.keep) {
      // The runtime would be gone by the time that this has seen the end of a body which it does not pass on itself.
      this.follower.keep(reading)
      void reading.then((how) => this.end(...how))
    } else this.#left = true
    return complete !== undefined
  }

  async #read(copy: Bytes): Promise<[how: BodyEnd, error?: unknown]> {
    const reader = copy.getReader({ mode: 'byob' })
    this.#touch()
    try {
      let buffer = new ArrayBuffer(CHUNK)
      for (let bytes = 0; bytes < MOST_AHEAD && !this.#over && !this.#left; ) {
        const { done, value } = await reader.read(new Uint8Array(buffer))
        if (done) return ['finished']
        this.#touch()
        bytes += value.byteLength
        buffer = value.buffer
      }
      void reader.cancel().catch(() => {})
      return ['unknown']
    } catch (error) {
      return ['failed', error]
    }
  }
}
