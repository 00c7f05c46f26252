/**
 * Registration for CommonJS. Nothing can be awaited while a CommonJS module loads, and registration is closed by the time that
 * something can. Node has no blocking socket, so a worker thread sends the request, and the main thread sleeps until it has.
 *
 * The main thread does not sleep at once. The rest of the function's modules load while the worker starts, and the sleep is in
 * the first microtask after them: whoever loads the function, and then asks for its first invocation, comes later than that.
 *
 * @module
 */
import { type Answer, identifierOf, registerRequest } from './client.ts'
import { EVENTS, REGISTER_TIMEOUT_MS, address, failed, start } from './register.ts'
import { type Extension, shared } from '../../../server/extension.ts'

const { MessageChannel, Worker, receiveMessageOnPort } = process.getBuiltinModule('node:worker_threads')

type Message = { answer: Answer } | { error: string }

// A string, because a bundle has no second file to load. On a plain socket, because a worker loads each module anew, and
// node:http would be most of what it has to load. HTTP/1.0 needs no chunks, and ends the answer with the connection.
const WORKER = `
const { workerData: { host, port, text, port2, flag } } = require('node:worker_threads')
let reply = ''
const tell = (message) => {
  port2.postMessage(message)
  Atomics.store(flag, 0, 1)
  Atomics.notify(flag, 0)
  port2.close()
}
const socket = require('node:net').connect({ host, port }, () => socket.write(text))
socket.setEncoding('utf8')
socket.on('data', (chunk) => (reply += chunk))
socket.on('error', (error) => tell({ error: error.message }))
socket.on('end', () => {
  const end = reply.indexOf('\\r\\n\\r\\n')
  const [line, ...fields] = reply.slice(0, Math.max(end, 0)).split('\\r\\n')
  const headers = {}
  for (const field of fields) {
    const colon = field.indexOf(':')
    headers[field.slice(0, colon).toLowerCase()] = field.slice(colon + 1).trim()
  }
  tell({ answer: { status: Number(line.split(' ')[1]) || 0, headers, body: reply.slice(end + 4) } })
})
`

/** Registers before any code that waits for this module goes on, and starts the loop. Never throws, never rejects. */
export function registerSync(events: Extension['events']): void {
  const api = address()
  if (!api) return
  const take = (message: Message) => {
    try {
      if ('error' in message) throw new Error(message.error)
      start(api, identifierOf(message.answer), events)
    } catch (thrown) {
      failed(thrown)
    }
  }
  try {
    shared.registration = Promise.resolve().then(ask(api, EVENTS[events], take))
  } catch (thrown) {
    shared.registration = Promise.resolve(failed(thrown))
  }
}

/** Sends the request. @returns a function that sleeps until `take` has been given the answer, or until the answer is late */
function ask(api: string, events: readonly string[], take: (message: Message) => void): () => void {
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const { port1, port2 } = new MessageChannel()
  const { hostname: host, port } = new URL(`http://${api}`)
  const workerData = { host, port: Number(port) || 80, text: requestText(api, events), port2, flag }
  // The worker gets neither the environment nor the flags of this process: it would load a `--require` in them as well.
  const worker = new Worker(WORKER, { eval: true, workerData, transferList: [port2], env: {}, execArgv: [] })
  worker.on('error', failed)
  worker.unref()
  const over = (message: Message) => {
    port1.close()
    void worker.terminate()
    take(message)
  }
  return () => {
    Atomics.wait(flag, 0, 0, REGISTER_TIMEOUT_MS)
    const received = receiveMessageOnPort(port1)
    if (received) return over(received.message as Message)
    failed(new Error(`registration was not answered within ${REGISTER_TIMEOUT_MS} ms`))
    // A late answer still counts: Lambda waits for every extension it has registered.
    port1.once('message', over)
    port1.unref()
  }
}

function requestText(api: string, events: readonly string[]): string {
  const { url, headers, body } = registerRequest(api, events)
  const fields = Object.entries({ host: api, ...headers, 'content-length': String(Buffer.byteLength(body)) })
  return [`POST ${new URL(url).pathname} HTTP/1.0`, ...fields.map(([name, value]) => `${name}: ${value}`), '', body].join('\r\n')
}
