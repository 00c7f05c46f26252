/**
 * One invocation: what it was asked, what has arrived of its response, and the two moments its caller waits for.
 *
 * @module
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { wallNow } from '../wall-clock.ts'
import { parseError, parseResponse } from './response.ts'
import type { FreezeRecord, InvokeOptions, LambdaError, LambdaResult, ResponseChunk } from './types.ts'
import type { Settings } from './variables.ts'

const hex = (bytes: number): string => randomBytes(bytes).toString('hex')
const freshTraceId = (): string => {
  const seconds = Math.floor(Date.now() / 1000).toString(16).padStart(8, '0')
  return `Root=1-${seconds}-${hex(12)};Parent=${hex(8)};Sampled=0`
}

type Untimed = Pick<LambdaResult, 'ok' | 'payload' | 'prelude' | 'error'>
type Outcome = Untimed & Pick<LambdaResult, 'responseMs' | 'firstByteMs'>

/** State of an invocation, from the queue to the freeze. */
export class Invocation {
  readonly requestId: string
  readonly traceId: string
  readonly functionArn: string
  readonly options: InvokeOptions
  readonly body: string
  readonly result: Promise<LambdaResult>
  readonly frozen: Promise<FreezeRecord>
  startedAt = 0
  deadlineMs = 0
  timedOut = false
  /** Counts down the function's timeout. */
  timer: NodeJS.Timeout | undefined
  readonly #earlyReturn: boolean
  readonly #chunks: ResponseChunk[] = []
  #disconnected = false
  #outcome: Outcome | undefined
  #answer!: (result: LambdaResult) => void
  #refuse!: (error: Error) => void
  #rest!: (record: FreezeRecord) => void

  constructor(event: unknown, options: InvokeOptions, settings: Settings) {
    this.requestId = options.requestId ?? randomUUID()
    this.traceId = options.traceId ?? freshTraceId()
    this.functionArn = options.functionArn ?? settings.functionArn
    this.options = options
    this.body = JSON.stringify(event ?? null)
    this.#earlyReturn = settings.earlyReturn
    this.result = new Promise((resolve, reject) => {
      this.#answer = resolve
      this.#refuse = reject
    })
    this.frozen = new Promise((resolve) => (this.#rest = resolve))
  }

  /** Whether the runtime has posted a response or an error. */
  get responded(): boolean {
    return this.#outcome !== undefined
  }

  /** The event is being handed to the runtime. */
  start(timeoutMs: number): void {
    this.startedAt = wallNow()
    this.deadlineMs = Math.floor(this.startedAt + timeoutMs)
  }

  /** Milliseconds since the event was handed over; 0 if it never was. */
  elapsed(at = wallNow()): number {
    return this.startedAt === 0 ? 0 : at - this.startedAt
  }

  /** Takes a piece of the response. @returns whether the runtime's connection is to be reset now */
  receive(bytes: Uint8Array, contentType: string | undefined): boolean {
    if (this.#disconnected || this.timedOut) return false
    this.#chunks.push({ afterMs: this.elapsed(), bytes })
    const { disconnect } = this.options
    if (disconnect === undefined || this.#body().length < disconnect.afterBytes) return false
    this.#disconnected = true
    const errorMessage = `The connection was broken after ${this.#body().length} bytes`
    const outcome = { ok: false, ...parseResponse(this.#body(), contentType), error: { errorType: 'Sandbox.Disconnected', errorMessage } }
    if (disconnect.whose === 'runtime') this.#finish(outcome)
    else this.#answerWith(this.#timed(outcome))
    return disconnect.whose === 'runtime'
  }

  /** Bytes of the response that have arrived. */
  get received(): number {
    return this.#chunks.reduce((total, { bytes }) => total + bytes.length, 0)
  }

  #body(): Buffer {
    return Buffer.concat(this.#chunks.map(({ bytes }) => bytes))
  }

  /** The response is complete; `streamError` is what its trailers said. */
  respond(contentType: string | undefined, streamError?: LambdaError): void {
    const parsed = parseResponse(this.#body(), contentType)
    this.#finish({ ok: streamError === undefined, ...parsed, ...(streamError && { error: streamError }) })
  }

  /** The runtime posted an error, or what it posted is one. */
  respondError(body: string, errorType: string | undefined): void {
    const { payload } = parseResponse(Buffer.from(body), undefined)
    this.#finish({ ok: false, payload, error: parseError(payload, errorType) })
  }

  #timed(outcome: Untimed): Outcome {
    const responseMs = this.elapsed()
    return { ...outcome, responseMs, firstByteMs: this.#chunks[0]?.afterMs ?? responseMs }
  }

  #finish(outcome: Untimed): void {
    // The response had begun before the timeout, and the process has ended it in its grace period.
    if (this.timedOut) return
    this.#outcome = this.#timed(outcome)
    if (this.#earlyReturn) this.#answerWith(this.#outcome)
  }

  /** The sandbox has come to rest. `failure` is for a caller who has no answer by then. */
  rest(record: FreezeRecord, failure?: LambdaError): void {
    this.#rest(record)
    if (failure !== undefined && (this.#outcome === undefined || this.timedOut)) {
      const payload = { errorType: failure.errorType, errorMessage: failure.errorMessage }
      const responseMs = this.elapsed(record.at)
      this.#answerWith({ ok: false, payload, error: failure, responseMs, firstByteMs: responseMs })
    } else if (this.#outcome !== undefined) this.#answerWith(this.#outcome, record.afterMs)
  }

  /** The process that should have run the invocation did not come up. */
  failInit(error: LambdaError): void {
    this.rest({ requestId: this.requestId, at: wallNow(), afterMs: 0, outcome: 'exited', processState: 'X' }, error)
  }

  /** The invocation will never run. */
  refuse(error: Error): void {
    this.#refuse(error)
    this.#rest({ requestId: this.requestId, at: wallNow(), afterMs: 0, outcome: 'exited', processState: 'X' })
  }

  #answerWith(outcome: Outcome, frozenAfterMs?: number): void {
    const { requestId, timedOut, frozen } = this
    const late = frozenAfterMs === undefined || this.#earlyReturn ? {} : { frozenAfterMs }
    this.#answer({ requestId, ...outcome, ...late, disconnected: this.#disconnected, timedOut, chunks: this.#chunks, frozen })
  }
}
