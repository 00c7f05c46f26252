/** Specifies what the built package spends, as far as it can be counted exactly: requests, their bytes, and what is left at the end. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { startCollector } from 'flushed/testing'
import { describe, expect, test } from 'vitest'

const program = fileURLToPath(new URL('leftovers.mjs', import.meta.url))
const INVOCATIONS = 100

interface Left {
  readonly before: Readonly<Record<string, number>>
  readonly after: Readonly<Record<string, number>>
  /** The kinds of resources that keep the process alive between two invocations. */
  readonly idle: readonly string[]
  /** Where the package has set timers that are still set, whether or not they keep the process alive. */
  readonly timers: readonly string[]
  /** The kinds of sockets, ports and threads, except those of the exporter's own agent. */
  readonly sockets: readonly string[]
}

async function run(entry: string, env: Record<string, string>) {
  // The channel to this process is not counted: it is open before the first count, and closed after the last.
  const child = fork(program, [entry], { env: { PATH: process.env['PATH'], ...env }, execArgv: [] })
  const [[left], [code, signal]] = await Promise.all([once(child, 'message') as Promise<[Left]>, once(child, 'exit')])
  return { left, code: code as number | null, signal: signal as string | null }
}

/** A fake of Lambda's Extensions API: it sends an event for each invocation, and then none. */
async function extensionsApi() {
  let events = 0
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/register')) return response.writeHead(200, { 'lambda-extension-identifier': 'of-the-test' }).end('{}')
    if ((events += 1) > INVOCATIONS) return
    const requestId = `9f1c2f60-6f0a-4f3e-8a44-${String(events).padStart(12, '0')}`
    response.end(JSON.stringify({ eventType: 'INVOKE', requestId, deadlineMs: Date.now() + 3000 }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    env: { AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` },
    [Symbol.dispose]: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

test('an invocation with six spans makes one request, within its budget of bytes', async () => {
  await using collector = await startCollector()
  await run('flushed/lambda', { COLLECTOR: collector.url })
  expect(collector.requests).toHaveLength(INVOCATIONS)
  expect(collector.spans).toHaveLength(INVOCATIONS * 6)
  // The first request has no previous flush to report.
  const sizes = collector.requests.slice(1).map(({ bytes }) => bytes)
  // Sizes vary a little: times have a fixed number of digits, durations do not.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(3550)
  expect(Math.min(...sizes)).toBeGreaterThan(3550 * 0.9)
})

test.each(['flushed', 'flushed/lambda'])('no timer keeps the process alive between two invocations: `%s`', async (entry) => {
  await using collector = await startCollector()
  const { left } = await run(entry, { COLLECTOR: collector.url })
  expect(left.idle).not.toContain('Timeout')
  expect(left.idle).not.toContain('Immediate')
})

describe('after a hundred invocations of twenty wraps, and a shutdown, no timer, listener or socket is left', () => {
  test.each(['flushed', 'flushed/lambda', 'flushed/node'])('%s', async (entry) => {
    await using collector = await startCollector()
    const { left, code, signal } = await run(entry, { COLLECTOR: collector.url })
    expect(collector.spans).toHaveLength(INVOCATIONS * 6)
    expect(left.timers).toEqual([])
    expect(left.after).toEqual(left.before)
    expect(left.sockets).toEqual([])
    // If a socket or a timer kept the process alive, it would not have exited.
    expect({ code, signal }).toEqual({ code: 0, signal: null })
  })

  test('flushed/lambda/register, except the socket that waits for Lambda’s next event', async () => {
    await using collector = await startCollector()
    using api = await extensionsApi()
    const { left, code, signal } = await run('flushed/lambda/register', { COLLECTOR: collector.url, ...api.env })
    expect(collector.spans).toHaveLength(INVOCATIONS * 6)
    expect(left.timers).toEqual([])
    expect(left.after).toEqual(left.before)
    expect(left.sockets).toEqual(['TCPWRAP'])
    // That socket does not keep the process alive.
    expect({ code, signal }).toEqual({ code: 0, signal: null })
  })
})
