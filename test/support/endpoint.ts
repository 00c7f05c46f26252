/** A vendor's HTTP endpoint on this machine: takes down what reaches it, and answers as it is told. */
import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { onTestFinished } from 'vitest'
import { listen, patientServer, readBody, stop } from '../../src/testing/http.ts'

const inflate = promisify(gunzip)

/** What reached an endpoint. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly text: string
}

export interface Endpoint {
  readonly url: string
  /** Requests with a body, which all of them had been read to the end. */
  readonly received: readonly Received[]
  /** All bodies, one after the other. */
  readonly text: string
  /** Leaves requests without an answer from now on. */
  hang(): void
}

/**
 * @param answers what it answers by path, if not `{}`
 */
export async function endpoint(answers: Readonly<Record<string, unknown>> = {}): Promise<Endpoint> {
  const received: Received[] = []
  let hanging = false
  const answer = (path: string, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answers[path] ?? {}))
  }
  const server = patientServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '')
    void readBody(request).then(async (body) => {
      const text = String(request.headers['content-encoding'] === 'gzip' ? await inflate(body) : body)
      if (request.method === 'POST') received.push({ method: request.method, path, text })
      if (!hanging || request.method !== 'POST') answer(path, response)
    }, () => request.destroy())
  })
  const port = await listen(server, 0)
  onTestFinished(() => stop(server))
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    get text() {
      return received.map(({ text }) => text).join('\n')
    },
    hang: () => void (hanging = true),
  }
}
