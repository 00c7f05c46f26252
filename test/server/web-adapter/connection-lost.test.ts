/** A server behind AWS Lambda Web Adapter, both in this process, and the extension's loop on a fake Extensions API. */
import { createServer } from 'node:http'
import { withTelemetry } from 'flushed/node'
import { afterEach, expect, test, vi } from 'vitest'
import { Loop } from '../../../src/platforms/lambda/extension/loop.ts'
import { shared } from '../../../src/server/extension.ts'
import { listen, setup } from '../support.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  for (const key of ['extension', 'failure', 'untraced'] as const) delete shared[key]
})

test('a request during which the extension loses its connection is flushed all the same, and so are those after it', async () => {
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'orders')
  const { options, spans } = setup()
  const poll = Promise.withResolvers<never>()
  const loop = new Loop('invoke', () => poll.promise, shared)
  shared.extension = loop
  void loop.run()
  const lines: string[] = []
  const port = await listen(createServer(withTelemetry(async ({ url }, response) => {
    if (url === '/r-1') {
      poll.reject(new Error('the connection is gone'))
      while (loop.holds('r-1')) await new Promise(setImmediate)
    }
    response.end()
  }, { ...options, logger: { warn: (line) => lines.push(line) } })))

  for (const id of ['r-1', 'r-2']) {
    await fetch(`http://127.0.0.1:${port}/${id}`, { headers: { 'x-amzn-lambda-context': JSON.stringify({ request_id: id, deadline: Date.now() + 5000 }) } })
  }
  expect((await spans(2)).map(({ attributes }) => attributes['url.path'])).toEqual(['/r-1', '/r-2'])
  expect(lines).toEqual([expect.stringContaining('node runs on AWS Lambda, which may freeze it before a flush is over: the extension has lost its connection')])
})
