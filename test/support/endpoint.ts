/** A fake of a vendor's HTTP endpoint, on this machine: it records what it receives, and answers as it is told. */
import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { onTestFinished } from 'vitest'
import { listen, patientServer, readBody, stop } from '../../src/testing/http.ts'

const inflate = promisify(gunzip)

/** What was posted to an endpoint. */
export interface Received {
  readonly path: string
  readonly text: string
}

export interface Endpoint {
  readonly url: string
  /** All posts whose bodies were read to their end. */
  readonly received: readonly Received[]
  /** All bodies, one after the other. */
  readonly text: string
  /** Leaves all further posts unanswered. */
  hang(): void
  /** Answers all further posts with this status. */
  refuse(status: number): void
}

/**
 * @param answers the answers by path. Default: `{}`
 */
export async function endpoint(answers: Readonly<Record<string, unknown>> = {}): Promise<Endpoint> {
  const received: Received[] = []
  let hanging = false
  let status = 200
  const answer = (path: string, response: ServerResponse, code: number) => {
    response.writeHead(code, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answers[path] ?? {}))
  }
  const server = patientServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '')
    void readBody(request).then(async (body) => {
      const text = String(request.headers['content-encoding'] === 'gzip' ? await inflate(body) : body)
      if (request.method !== 'POST') return answer(path, response, 200)
      received.push({ path, text })
      if (!hanging) answer(path, response, status)
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
    refuse: (code) => void (status = code),
  }
}
