/**
 * An OTLP/HTTP collector that misbehaves on request.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { toError } from '../core/errors.ts'
import { checkAnswer, checkBehaviors, checkCollectorOptions, checkPicked, isBySignal } from './behaviors.ts'
import { itemsOf, Ledger } from './collector-ledger.ts'
import type { OpenRequest } from './collector-ledger.ts'
import type {
  Behaviors,
  Collector,
  CollectorAnswer,
  CollectorBehavior,
  CollectorOptions,
  CollectorRequest,
  WaitOptions,
} from './collector-types.ts'
import { decode } from './decode.ts'
import { codecFor, encodingOf, MissingProtobufError } from './encoding.ts'
import type { Codec } from './encoding.ts'
import { listen, patientServer, readBody, sendJson, stop } from './http.ts'
import type { CollectedSpan, Signal } from './telemetry.ts'
import { wallNow } from './wall-clock.ts'

const inflate = promisify(gunzip)
const signalOf = (path: string | undefined) => /^\/v1\/(traces|metrics|logs)(?:\?|$)/.exec(path ?? '')?.[1] as Signal | undefined

class HttpCollector implements Collector {
  readonly #ledger = new Ledger()
  readonly #server = patientServer((request, response) => {
    // A client that leaves before its body is complete has sent nothing that could be recorded.
    this.#handle(request, response).catch(() => request.destroy())
  })
  readonly #hanging = new Set<(answer: CollectorAnswer) => void>()
  readonly #delays = new Set<NodeJS.Timeout>()
  #behaviors: Behaviors
  #port = 0
  #stopped: Promise<void> | undefined

  constructor(behaviors: Behaviors) {
    this.#behaviors = behaviors
  }

  async listen(port: number): Promise<void> {
    this.#port = await listen(this.#server, port)
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }
  get requests(): readonly CollectorRequest[] {
    return [...this.#ledger.requests]
  }
  get spans(): readonly CollectedSpan[] {
    return [...this.#ledger.spans]
  }
  get metrics() {
    return [...this.#ledger.metrics]
  }
  get logs() {
    return [...this.#ledger.logs]
  }
  get received(): readonly CollectedSpan[] {
    return this.#ledger.requests.flatMap(({ spans }) => spans)
  }
  acknowledged(traceId?: string): readonly CollectedSpan[] {
    return this.#ledger.spans.filter((span) => traceId === undefined || span.traceId === traceId)
  }

  behave(behaviors: Behaviors): void {
    checkBehaviors(behaviors)
    this.#behaviors = behaviors
  }
  release(answer: CollectorAnswer = {}): void {
    checkAnswer(answer)
    for (const settle of this.#hanging) settle(answer)
  }
  async refuse(): Promise<void> {
    if (this.#server.listening) this.#stopped = stop(this.#server)
    // Not only in the first call: whoever calls a second time relies on it as well.
    await this.#stopped
  }
  async accept(): Promise<void> {
    if (!this.#server.listening) await this.listen(this.#port)
    this.#ledger.open()
  }
  waitFor(predicate: (collector: Collector) => boolean, options?: WaitOptions): Promise<void> {
    return this.#ledger.waitFor(() => predicate(this), options)
  }
  reset(): void {
    this.#ledger.reset()
  }
  async close(): Promise<void> {
    for (const timer of this.#delays) clearTimeout(timer)
    this.#hanging.clear()
    this.#ledger.close()
    await this.refuse()
    this.#ledger.throwFailure()
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const wire = await readBody(incoming)
    const receivedAt = wallNow()
    const signal = signalOf(incoming.url)
    const encoding = encodingOf(incoming.headers['content-type'])
    const refuse = (status: number, message: string) => {
      this.#ledger.refuse({ method: incoming.method, path: incoming.url, status, message })
      sendJson(response, status, { message })
    }
    if (signal === undefined) return refuse(404, `No such path: ${incoming.url}`)
    if (incoming.method !== 'POST') return refuse(405, 'OTLP/HTTP is POST only')
    if (encoding === undefined) return refuse(415, 'Send application/json or application/x-protobuf')
    const compressed = incoming.headers['content-encoding']?.toLowerCase() === 'gzip'
    try {
      const codec = await codecFor(encoding)
      const decoded = decode(signal, codec.decode(signal, compressed ? await inflate(wire) : wire))
      const { headers } = incoming
      const facts = { signal, encoding, compressed, bytes: wire.length, headers, receivedAt, acknowledged: false, rejected: 0 }
      const request: OpenRequest = { ...facts, ...decoded }
      this.#ledger.receive(request)
      // The collector may have been closed while the body was inflated: then nobody is left to answer, and a delay would keep the
      // process alive.
      if (!this.#ledger.closed) this.#behave(request, response, codec)
    } catch (error) {
      refuse(error instanceof MissingProtobufError ? 415 : 400, toError(error).message)
    }
  }

  #behaviorFor(request: OpenRequest): CollectorBehavior {
    const rule = isBySignal(this.#behaviors) ? (this.#behaviors[request.signal] ?? 'ok') : this.#behaviors
    if (typeof rule !== 'function') return rule
    try {
      const behavior = rule(request)
      checkPicked(behavior)
      return behavior
    } catch (error) {
      // A mistake of the test's own. To the exporter it would be one more refusal, and the test would pass.
      this.#ledger.fail(error)
      return { status: 500, message: toError(error).message }
    }
  }

  #behave(request: OpenRequest, response: ServerResponse, codec: Codec): void {
    const behavior = this.#behaviorFor(request)
    const answer = (parts: CollectorAnswer) => this.#answer(request, response, codec, parts)
    if (behavior === 'reset') {
      response.socket?.resetAndDestroy()
      return this.#ledger.changed()
    }
    if (behavior === 'hang') return this.#hang(response, answer)
    if (behavior === 'ok') return answer({})
    if (behavior.delayMs === undefined) return answer(behavior)
    const timer = setTimeout(() => {
      this.#delays.delete(timer)
      answer(behavior)
    }, behavior.delayMs)
    this.#delays.add(timer)
  }

  #hang(response: ServerResponse, answer: (parts: CollectorAnswer) => void): void {
    const settle = (parts: CollectorAnswer) => {
      this.#hanging.delete(settle)
      answer(parts)
    }
    this.#hanging.add(settle)
    response.once('close', () => this.#hanging.delete(settle))
  }

  #answer(request: OpenRequest, response: ServerResponse, codec: Codec, parts: CollectorAnswer): void {
    // Nothing can be acknowledged to a client that has hung up.
    if (response.destroyed || response.socket === null) return
    const { status = 200, partialSuccess = 0, retryAfter, message = '' } = parts
    const accepted = status >= 200 && status < 300
    request.rejected = accepted ? Math.min(partialSuccess, itemsOf(request)) : 0
    const body = codec.encode(
      request.signal,
      accepted ? { type: 'accepted', rejected: request.rejected, message } : { type: 'refused', message: message || `HTTP ${status}` },
    )
    response.once('finish', () => this.#ledger.answered(request, status, wallNow()))
    const retry = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
    response.writeHead(status, { 'content-type': codec.contentType, ...retry })
    response.end(body)
  }
}

/**
 * Starts an OTLP/HTTP collector on the loopback interface. It understands traces, metrics and logs, in JSON and protobuf,
 * gzipped or not, and answers them as {@link Collector.behave} says. A request counts as *acknowledged* once its 2xx
 * answer has been written out.
 *
 * Protobuf bodies need the optional peer `protobufjs`; without it, the collector answers them with 415.
 *
 * @throws a `TypeError` that names the bad option and quotes its value; an `Error` with code `EADDRINUSE`
 * if the requested port is taken.
 * @example
 * await using collector = await startCollector()
 * const exporter = new OTLPTraceExporter({ url: `${collector.url}/v1/traces` })
 * collector.behave({ status: 503 })
 * await collector.waitFor(({ requests }) => requests.length === 1)
 */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  checkCollectorOptions(options)
  const collector = new HttpCollector(options.behavior ?? 'ok')
  await collector.listen(options.port ?? 0)
  return collector
}
