/** Real servers in this process, and clients for them. */
import type { AddressInfo, Server } from 'node:net'
import { once } from 'node:events'
import { type IncomingMessage, type RequestOptions, request as send } from 'node:http'
import { SpanKind } from '@opentelemetry/api'
import { expect, onTestFinished } from 'vitest'
import { shared } from '../../src/server/state.ts'
import { ask } from '../support/raw.ts'
import { type ReadableSpan, newIsolate, pipeline } from '../support/sdk.ts'
import type { FlushReport } from 'flushed'

/** A telemetry with an in-memory exporter, and options with it. Keeps the tests from listening to signals of this process. */
export function setup() {
  newIsolate()
  shared.participants.clear()
  Object.assign(shared, { draining: 0, watched: true })
  const { exporter, telemetry, tracer } = pipeline()
  const reports: FlushReport[] = []
  const options = { telemetry, onFlush: (report: FlushReport) => reports.push(report) }
  return {
    exporter, tracer, reports, options,
    /** Resolves with all delivered spans, once there are at least `count`. */
    async spans(count: number) {
      while (exporter.spans.length < count) {
        await exporter.nextExport()
        // `nextExport()` resolves before the export is answered.
        await new Promise(setImmediate)
      }
      return exporter.spans
    },
  }
}

/** Makes a server listen until the end of the test. @returns its port */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Sends a request, with a body if given. @returns the status and the body of the response */
export async function fetched(port: number, path: string, { body, ...options }: RequestOptions & { body?: string } = {}) {
  const request = send({ host: '127.0.0.1', port, path, agent: false, ...options })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, text }
}

/** Sends a request, and hangs up as soon as its handler has begun. @param begun `undefined` until then */
export async function hangUpOnce(url: URL, begun: () => unknown): Promise<void> {
  const request = send(url, { agent: false }).on('error', () => {})
  request.end()
  await expect.poll(begun).toBeDefined()
  request.destroy()
}

/** Sends one request to an application that has started. @returns the answer and the root span */
export async function rootFrom(
  { at, spans }: { at(path: string): URL; spans(count: number): Promise<readonly ReadableSpan[]> },
  path: string,
  options?: Parameters<typeof ask>[1],
) {
  const answer = await ask(at(path), options)
  const root = (await spans(1)).find(({ kind }) => kind === SpanKind.SERVER)
  return { answer, root, name: root?.name, route: root?.attributes['http.route'] }
}
