/** Fakes of the backends of other people's telemetry: Sentry's endpoint, and the X-Ray daemon. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { listen, patientServer, readBody, stop } from '../../src/testing/http.ts'
import { wallNow } from '../../src/testing/wall-clock.ts'

/** What was sent, and when it was known to have arrived, on the sandbox's clock. */
export interface Arrival {
  readonly text: string
  readonly at: number
}

export interface Backend extends AsyncDisposable {
  readonly address: string
  /** What has arrived, and, where the protocol has an answer, has been acknowledged. */
  readonly arrivals: readonly Arrival[]
}

/** @param answerMs milliseconds after which it answers: a request in flight when the process stops is not acknowledged */
export async function startSentry(answerMs: number): Promise<Backend> {
  const arrivals: Arrival[] = []
  const server = patientServer((request, response) => {
    void readBody(request).then(async (body) => {
      await delay(answerMs)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end('{}', () => arrivals.push({ text: String(body), at: wallNow() }))
    }, () => request.destroy())
  })
  const port = await listen(server, 0)
  return { address: `http://key@127.0.0.1:${port}/1`, arrivals, [Symbol.asyncDispose]: () => stop(server) }
}

/** Collects segments. A datagram has no answer: it counts as arrived when it is received. */
export async function startDaemon(): Promise<Backend> {
  const arrivals: Arrival[] = []
  const socket = createSocket('udp4')
  // A header, a line break, and the segment.
  socket.on('message', (message) => arrivals.push({ text: String(message).replace(/^.*\n/, ''), at: wallNow() }))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    arrivals,
    async [Symbol.asyncDispose]() {
      socket.close()
    },
  }
}
