/** Measures an isolate's heap with workerd's inspector. */
import { once } from 'node:events'

class Inspector {
  #ids = 0

  constructor(socket) {
    this.socket = socket
  }

  async ask(method) {
    const id = (this.#ids += 1)
    const answered = new Promise((resolve) => {
      const listen = ({ data }) => {
        const message = JSON.parse(data)
        if (message.id !== id) return
        this.socket.removeEventListener('message', listen)
        resolve(message.result)
      }
      this.socket.addEventListener('message', listen)
    })
    this.socket.send(JSON.stringify({ id, method }))
    return answered
  }

  /** @returns {Promise<number>} bytes in use once nothing more can be collected */
  async used() {
    for (let i = 0; i < 4; i++) await this.ask('HeapProfiler.collectGarbage')
    return (await this.ask('Runtime.getHeapUsage')).usedSize
  }
}

async function inspect({ miniflare }) {
  const { host } = await miniflare.getInspectorURL()
  const [{ webSocketDebuggerUrl }] = await (await fetch(`http://${host}/json`)).json()
  const socket = new WebSocket(webSocketDebuggerUrl)
  await once(socket, 'open')
  return new Inspector(socket)
}

const CONNECTIONS = 16
// Compiled code and pools grow only once, so they do not count as what a request leaves behind.
const WARM_UP = 2000

async function load(worker, requests) {
  let left = requests
  const one = async () => {
    while (left-- > 0) await worker.request({ order: 'order-heap', children: 5 })
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, one))
}

const BEAT_MS = 20

/** The bytes in use. An isolate answers its inspector only while it has something to do. */
async function used(worker) {
  const beat = setInterval(() => worker.request({ order: 'order-beat', children: 0 }).catch(() => {}), BEAT_MS)
  const inspector = await inspect(worker)
  try {
    return await inspector.used()
  } finally {
    clearInterval(beat)
    inspector.socket.close()
  }
}

/**
 * @param {import('./workerd.mjs').Worker} worker
 * @param {number} requests
 * @returns {Promise<number>} bytes that a request has left behind
 */
export async function heapOf(worker, requests) {
  await load(worker, WARM_UP)
  const before = await used(worker)
  await load(worker, requests)
  return ((await used(worker)) - before) / requests
}
