/**
 * A fake of every contestant's backend: it accepts OTLP (JSON), Sentry's envelopes, and what Datadog's agent and X-Ray's daemon
 * accept from a function, and counts what it has acknowledged. The caller decides how it answers.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'

/**
 * @typedef {'fast' | 'slow' | 'hung' | 'refusing' | '503'} Behavior
 *
 * @typedef {object} Counts since the last `reset`
 * @property {number} spans acknowledged: a 2xx answer has been written, or a datagram has arrived
 * @property {Map<string, number>} orders the acknowledged spans of each order, by its id
 * @property {number} requests that have arrived
 * @property {number} bytes of their bodies
 */

export const SLOW_MS = 200

const count = (text, part) => text.split(part).length - 1

// How to count spans, by path: each text occurs once in every span.
const SPANS = [
  ['/v1/traces', (body) => count(body, '"spanId"')],
  ['/v1/logs', (body) => count(body, '"severityNumber"')],
  ['/envelope', (body) => envelopeSpans(body)],
  ['/traces', (body) => count(body, '\xa7span_id')], // Datadog's, MessagePack
]

/** Counts the spans of an envelope. A transaction is its own root span. @param {string} envelope lines of JSON */
function envelopeSpans(envelope) {
  const items = envelope.split('\n').filter((line) => line.startsWith('{'))
  return items.reduce((sum, line) => {
    const item = JSON.parse(line)
    if (item.type === 'transaction' && item.spans) return sum + 1 + item.spans.length
    return sum + (Array.isArray(item.items) && item.items[0]?.span_id ? item.items.length : 0)
  }, 0)
}

export function spansIn(path, body) {
  return SPANS.find(([part]) => path.includes(part))?.[1](body) ?? 0
}

const nothing = () => ({ spans: 0, orders: new Map(), requests: 0, bytes: 0 })

async function bodyOf(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const raw = Buffer.concat(chunks)
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
  return { bytes: raw.length, body: body.toString('latin1') }
}

/** @param {Counts} counts */
function acknowledge(counts, spans, body) {
  counts.spans += spans
  for (const [order] of body.matchAll(/order-[\w-]+/g)) counts.orders.set(order, (counts.orders.get(order) ?? 0) + 1)
}

export class Backend {
  /** @type {Behavior} */
  #behavior = 'fast'
  /** @type {Counts} */
  counts = nothing()
  #server = createServer((request, response) => {
    // A function that is killed resets its connection.
    this.#take(request, response).catch(() => response.destroy())
  })
  #daemon = createSocket('udp4', (message) => {
    this.#received(message.length)
    acknowledge(this.counts, count(message.toString(), '"start_time"'), message.toString())
  })
  port = 0
  daemonPort = 0

  async start() {
    // An idle connection must stay open while another contestant has its turn.
    this.#server.keepAliveTimeout = 0
    await this.#listen()
    this.#daemon.bind(0, '127.0.0.1')
    await once(this.#daemon, 'listening')
    // A real daemon reads while the function sends. This process may be busy with other contestants meanwhile.
    this.#daemon.setRecvBufferSize(4 * 2 ** 20)
    this.daemonPort = this.#daemon.address().port
    return this
  }

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  /** @param {Behavior} behavior */
  async behave(behavior) {
    const [was, listening] = [this.#behavior, behavior !== 'refusing']
    this.#behavior = behavior
    if ((was !== 'refusing') === listening) return
    if (listening) await this.#listen()
    else await this.#stop()
  }

  /** @returns {Counts} what was counted until now */
  reset() {
    const { counts } = this
    this.counts = nothing()
    return counts
  }

  async close() {
    this.#daemon.close()
    if (this.#server.listening) await this.#stop()
  }

  async #listen() {
    this.#server.listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = this.#server.address().port
  }

  async #stop() {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #received(bytes) {
    this.counts.requests += 1
    this.counts.bytes += bytes
  }

  async #take(request, response) {
    const { bytes, body } = await bodyOf(request)
    this.#received(bytes)
    if (this.#behavior === 'hung') return
    if (this.#behavior === 'slow') await sleep(SLOW_MS)
    const status = this.#behavior === '503' ? 503 : 200
    const { counts } = this
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end('{}', () => {
      if (status === 200) acknowledge(counts, spansIn(request.url, body), body)
    })
  }
}

/** The port of Datadog's extension, where its library starts and ends invocations. It cannot be configured. */
const EXTENSION_PORT = 8124

/** @returns {Promise<import('node:http').Server>} a server that accepts everything, as a local agent does */
export async function startDatadogExtension() {
  const server = createServer((request, response) => request.resume().once('end', () => response.end('{}')))
  server.keepAliveTimeout = 0
  server.listen(EXTENSION_PORT, '127.0.0.1')
  await once(server, 'listening')
  return server
}
