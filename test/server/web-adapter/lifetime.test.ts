/** Servers on AWS Lambda, in this process, whose extension (the real loop, on a fake Extensions API) does not hold the sandbox for them. */
import { createServer } from 'node:http'
import { drain, withTelemetry } from 'flushed/node'
import { afterEach, expect, test, vi } from 'vitest'
import { Loop } from '../../../src/platforms/lambda/extension/loop.ts'
import { watchRequests } from '../../../src/platforms/lambda/extension/requests.ts'
import { heldLifetime, shared } from '../../../src/server/extension.ts'
import { listen, setup } from '../support.ts'
import { newIsolate, pipeline } from '../../support/sdk.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  for (const key of ['extension', 'failure', 'untraced'] as const) delete shared[key]
})

/** Starts a server, registered as an extension. `get` sends what the adapter says of an invocation. */
async function serve(answering: (url: string) => unknown = () => {}) {
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'orders')
  const { options, spans, reports } = setup()
  const poll = Promise.withResolvers<never>()
  const loop = new Loop('invoke', () => poll.promise, shared)
  shared.extension = loop
  watchRequests(loop)
  void loop.run()
  const lines: string[] = []
  const port = await listen(createServer(withTelemetry(async ({ url }, response) => {
    await answering(url as string)
    response.end()
  }, { ...options, logger: { warn: (line) => lines.push(line) } })))
  return {
    loop, lines, reports,
    disconnect: () => poll.reject(new Error('the connection is gone')),
    paths: async (count: number) => (await spans(count)).map(({ attributes }) => attributes['url.path']),
    get: (path: string, context: string) => fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'x-amzn-lambda-context': context } }),
  }
}

const context = (id: string) => JSON.stringify({ request_id: id, deadline: Date.now() + 5000 })

test('a request during which the extension loses its connection is flushed all the same, and so are those after it', async () => {
  const server = await serve(async (url) => {
    if (url !== '/r-1') return
    server.disconnect()
    while (server.loop.holds('r-1')) await new Promise(setImmediate)
  })
  for (const id of ['r-1', 'r-2']) await server.get(`/${id}`, context(id))
  expect(await server.paths(2)).toEqual(['/r-1', '/r-2'])
  expect(server.lines).toEqual([expect.stringContaining('node runs on AWS Lambda, which may freeze it before a flush is over: the extension has lost its connection')])
})

test('an adapter in the process of Lambda’s runtime client is no Web Adapter, even if it has connections', async () => {
  vi.stubGlobal('awslambda', {})
  const { loop, get, paths, lines, reports } = await serve()
  await get('/orders', context('r-1'))
  expect([loop.current, loop.holds('r-1')]).toEqual([undefined, false])
  expect(await paths(1)).toEqual(['/orders'])
  expect(reports).toMatchObject([{ phase: 'after-response' }])
  expect(lines).toEqual([expect.stringContaining('wrap the function as well')])
})

test('the last flush takes no longer than Lambda leaves a process that is told to end', async () => {
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'orders')
  setup()
  const { telemetry } = pipeline({}, 'hold')
  const port = await listen(createServer(withTelemetry((_request, response) => void response.end(), { telemetry, timeoutMs: 5000, logger: false })))
  await fetch(`http://127.0.0.1:${port}/orders`)
  const [report] = await drain()
  expect(report).toMatchObject({ outcome: 'timed_out', phase: 'shutdown' })
  expect(report?.durationMs).toBeLessThan(1000)
})

test.each(['null', '7', '{', '{"request_id":7}'])('the context %s is none: the request goes with the next one', async (nonsense) => {
  const server = await serve()
  await server.get('/orders', nonsense)
  expect(server.loop.holds('7')).toBe(false)
  server.disconnect()
  while (!shared.failure) await new Promise(setImmediate)
  await server.get('/next', context('r-1'))
  expect((await server.paths(2)).toSorted()).toEqual(['/next', '/orders'])
})

test('an invocation that has been let go, and begins late, holds nothing when Lambda tries it again', async () => {
  newIsolate()
  const polls: PromiseWithResolvers<{ eventType: string; requestId: string; deadlineMs: number }>[] = []
  const loop = new Loop('invoke', () => (polls.push(Promise.withResolvers()), polls.at(-1)!.promise), {})
  const event = { eventType: 'INVOKE', requestId: 'r-1', deadlineMs: Date.now() + 5000 }
  void loop.run()
  const polled = async (count: number) => {
    while (polls.length < count) await new Promise(setImmediate)
  }
  polls[0]?.resolve(event)
  await polled(2)
  let flushes = 0
  loop.begun('r-1')
  expect(loop.holds('r-1')).toBe(false)
  heldLifetime(loop, 'r-1').hold(() => void flushes++, {} as never)
  expect(flushes).toBe(1)

  loop.served(event)
  loop.done('r-1')
  polls[1]?.resolve(event)
  await polled(3)
})
