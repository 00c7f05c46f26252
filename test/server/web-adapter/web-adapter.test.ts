/**
 * Servers behind AWS Lambda Web Adapter: the real servers, in the sandbox that stops the process where Lambda does. A stand-in takes
 * the place of the adapter, which is a program in Rust.
 */
import { describe, expect, test } from 'vitest'
import { SERVERS } from '../process.ts'
import { startBehindAdapter } from './support.ts'

describe.each(SERVERS)('%s, registered as an extension', (server) => {
  test('has each request acknowledged at the freeze that follows it, after the response', async () => {
    await using lambda = await startBehindAdapter(server, { behavior: { delayMs: 100 } })
    for (let n = 0; n < 4; n++) {
      const { payload, acknowledged, requestId } = await lambda.get(`/orders/${n}`)
      expect(payload).toEqual({ statusCode: 200, body: `{"id":"${n}"}` })
      expect(acknowledged.at(-1)).toBe(`/orders/${n}`)
      expect(lambda.respondedAt(requestId)).toBeLessThan(lambda.collector.requests[n]?.answeredAt ?? 0)
      const root = lambda.collector.spans.find(({ attributes }) => attributes['url.path'] === `/orders/${n}`)
      expect(root?.attributes['faas.invocation_id']).toBe(requestId)
    }
    // The adapter's own request, by which it learns that the server is ready, goes with the first one.
    expect(lambda.paths().toSorted()).toEqual(['/', '/orders/0', '/orders/1', '/orders/2', '/orders/3'])
    expect(lambda.collector.requests).toHaveLength(4)
    expect(lambda.lines()).toEqual([])
  })
})

test('a request that the server makes to itself belongs to the invocation, and so does its background work', async () => {
  await using lambda = await startBehindAdapter('node')
  const { acknowledged, requestId } = await lambda.get('/self/audited/150')
  expect(acknowledged.toSorted()).toEqual(['/', '/audited/150', '/self/audited/150'])
  const own = lambda.collector.spans.filter(({ attributes }) => attributes['faas.invocation_id'] === requestId)
  expect(own).toHaveLength(2)
  expect(lambda.collector.spans.map(({ name }) => name)).toContain('audit')
  expect(lambda.lines()).toEqual([])
})

test('a request that the framework refuses before any wrap runs holds nothing', async () => {
  await using lambda = await startBehindAdapter('fastify')
  for (const path of ['/%ZZ', '/orders/1', '/%ZZ']) {
    const { payload, heldMs } = await lambda.get(path)
    expect(payload).toMatchObject({ statusCode: path === '/%ZZ' ? 400 : 200 })
    expect(heldMs).toBeLessThan(900)
  }
  expect(lambda.paths()).toContain('/orders/1')
  expect(lambda.lines()).toEqual([])
})

test('a collector that hangs holds the sandbox for `timeoutMs`, and no response', async () => {
  await using lambda = await startBehindAdapter('express', { behavior: 'hang', settings: { options: { timeoutMs: 400 } } })
  for (let n = 0; n < 3; n++) {
    if (n === 2) lambda.collector.behave('ok')
    const { frozenAfterMs, heldMs, payload } = await lambda.get(`/orders/${n}`)
    expect(payload).toMatchObject({ statusCode: 200 })
    // The flush begins while the adapter still passes the response on.
    if (n < 2) expect(frozenAfterMs).toBeGreaterThan(390)
    expect(heldMs).toBeLessThan(2000)
  }
  expect(lambda.paths().toSorted()).toEqual(['/', '/orders/0', '/orders/1', '/orders/2'])
  expect(lambda.lines().every((line) => line.includes('flushed: timed_out after 4'))).toBe(true)
})

test('background work goes on after the response, and what it records is acknowledged at the freeze', async () => {
  await using lambda = await startBehindAdapter('node')
  const { frozenAfterMs } = await lambda.get('/audited/150')
  expect(frozenAfterMs).toBeGreaterThan(140)
  expect(lambda.collector.spans.map(({ name }) => name)).toContain('audit')
})

test('a function’s timeout clamps the flush', async () => {
  await using lambda = await startBehindAdapter('node', { behavior: 'hang', timeoutMs: 1500, settings: { options: { timeoutMs: 5000 } } })
  const { heldMs, timedOut } = await lambda.get('/orders/1')
  expect(timedOut).toBe(false)
  expect(heldMs).toBeLessThan(1500)
  expect(lambda.lines()).toEqual([expect.stringMatching(/^flushed: timed_out after 1\d\d\d ms/)])
})

test('a request that the timeout interrupts is ended as an error, and delivered before the process is killed', async () => {
  await using lambda = await startBehindAdapter('fastify', { timeoutMs: 1000 })
  expect((await lambda.sandbox.invoke({ path: '/slow/60000' })).timedOut).toBe(true)
  await lambda.collector.waitFor(({ spans }) => spans.some(({ attributes }) => attributes['url.path'] === '/slow/60000'))
  const root = lambda.collector.spans.find(({ attributes }) => attributes['url.path'] === '/slow/60000')
  expect(root?.status.message).toBe('the sandbox was stopped (SIGTERM) before the handler had settled')
})

test('without a request as the check, the first request is delivered with the second at the latest', async () => {
  await using lambda = await startBehindAdapter('hono', { readiness: 'none' })
  await lambda.get('/orders/0')
  const { acknowledged } = await lambda.get('/orders/1')
  expect(acknowledged.toSorted()).toEqual(['/orders/0', '/orders/1'])
})

test.each([
  ['is not registered', []],
  ['is registered for the shutdown alone', ['--import', 'flushed/lambda/register/shutdown-only']],
])('a server that %s says so once, and has everything delivered when the environment ends', async (_, flags) => {
  await using lambda = await startBehindAdapter('express', { flags, behavior: { delayMs: 30 } })
  for (let n = 0; n < 3; n++) await lambda.get(`/orders/${n}`)
  await lambda.sandbox.shutdown()
  expect(lambda.paths().toSorted()).toEqual(['/', '/orders/0', '/orders/1', '/orders/2'])
  expect(lambda.lines().filter((line) => line.includes('runs on'))).toEqual([
    "flushed: express runs on AWS Lambda, which may freeze it before a flush is over: `import 'flushed/lambda/register'` before everything else",
  ])
})

test('what cannot be sent at the end of the environment is in the log', async () => {
  await using lambda = await startBehindAdapter('express', { behavior: 'hang', settings: { options: { timeoutMs: 100 } } })
  await lambda.get('/orders/1')
  await lambda.sandbox.shutdown()
  expect(lambda.lines()).toHaveLength(2)
})

test('a registration that is refused is why', async () => {
  await using lambda = await startBehindAdapter('node', { extensions: { refuse: 'Extension.TooManyExtensions' } })
  await lambda.get('/orders/1')
  expect(lambda.lines()).toEqual([
    expect.stringContaining('flushed: node runs on AWS Lambda, which may freeze it before a flush is over: registration as an extension was refused (403, Extension.TooManyExtensions'),
  ])
})
