import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { startLambda } from 'flushed/testing'
import type { LambdaOptions, LambdaSandbox } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { fixture, runtimes } from './runtimes.ts'

const timeoutMs = 400

/** What the sandbox did to the process, and how long after the timeout it was gone. */
function ending({ record }: LambdaSandbox) {
  const from = record.findLastIndex(({ kind }) => kind === 'timeout')
  const since = record.slice(from)
  return {
    kinds: since.map(({ kind }) => kind),
    tookMs: (since.findLast(({ kind }) => kind === 'exit')?.at ?? 0) - (since[0]?.at ?? 0),
  }
}

/** The same without the process's own calls. */
const processKinds = (lambda: LambdaSandbox) => ending(lambda).kinds.filter((kind) => !kind.includes('.'))

/**
 * How a process ends that calls `process.exit()` on SIGTERM while its runtime waits for work. The real client waits in native
 * code, and the exit waits for that code: only SIGKILL ends the process.
 */
const exitWhileWaiting = (real: boolean) => (real ? ['sigterm', 'sigkill', 'exit'] : ['sigterm', 'exit'])

describe.each(runtimes)('the timeout on $title', ({ runtime, real }) => {
  const extension = (env: Record<string, string>, options: Partial<LambdaOptions> = {}) =>
    startLambda({ handler: fixture('extension', 'handler'), runtime, timeoutMs, env, ...options })

  test('kills the process at once if there is no extension', async () => {
    await using lambda = await startLambda({ handler: fixture('handlers', 'hang'), runtime, timeoutMs })
    const result = await lambda.invoke({}, { requestId: 'r-1' })
    expect(result).toMatchObject({
      ok: false,
      timedOut: true,
      error: { errorType: 'Sandbox.Timedout', errorMessage: 'r-1 Task timed out after 0.40 seconds' },
    })
    expect(result.responseMs).toBeGreaterThan(timeoutMs - 10)
    expect(await result.frozen).toMatchObject({ outcome: 'exited', processState: 'X' })
    expect(ending(lambda).kinds).toEqual(['timeout', 'sigkill', 'exit'])
  })

  test.each(['["INVOKE"]', '[]'])('sends SIGTERM first if an extension is registered for %s', async (events) => {
    await using lambda = await extension({ FIXTURE_EVENTS: events })
    expect(await lambda.invoke({ hang: true })).toMatchObject({ timedOut: true })
    expect(processKinds(lambda)).toEqual(['timeout', 'sigterm', 'exit'])
    await expect.poll(() => lambda.logs.map(({ line }) => line)).toContainEqual(expect.stringContaining('SIGTERM'))
  })

  test('gives a process 500 ms from SIGTERM to SIGKILL, or 300 ms beside an external extension', async () => {
    const graces = [false, true].map(async (externalExtension) => {
      await using lambda = await extension({ FIXTURE_STAY: 'yes' }, { externalExtension })
      await lambda.invoke({ hang: true })
      const { kinds, tookMs } = ending(lambda)
      expect(kinds).toEqual(['timeout', 'sigterm', 'sigkill', 'exit'])
      return tookMs
    })
    const [alone, beside] = (await Promise.all(graces)) as [number, number]
    expect(alone).toBeGreaterThan(490)
    expect(beside).toBeGreaterThan(290)
    expect(beside).toBeLessThan(alone)
  })

  test('includes the time that an extension takes after the response', async () => {
    await using lambda = await extension({})
    const { pid } = lambda
    const result = await lambda.invoke({ holdMs: 5000 })
    expect(result).toMatchObject({ ok: true, timedOut: false })
    expect((await result.frozen).outcome).toBe('exited')
    expect(ending(lambda).kinds).toEqual(['timeout', ...exitWhileWaiting(real)])
    expect((await lambda.invoke({})).ok).toBe(true)
    expect(lambda.pid).not.toBe(pid)
  })

  test.each([true, false])('is final: an answer in the grace period is discarded, with `earlyReturn: %s`', async (earlyReturn) => {
    await using lambda = await extension({ FIXTURE_STAY: 'yes' }, { earlyReturn })
    const { pid } = lambda
    const result = await lambda.invoke({ untilTerminated: true })
    expect(result).toMatchObject({ ok: false, timedOut: true, error: { errorType: 'Sandbox.Timedout' }, chunks: [] })
    expect(await result.frozen).toMatchObject({ outcome: 'exited', processState: 'X' })
    expect(processKinds(lambda)).toEqual(['timeout', 'sigterm', 'sigkill', 'exit'])
    expect(lambda.processState()).toBe('X')
    expect((await lambda.invoke({})).ok).toBe(true)
    expect(lambda.pid).not.toBe(pid)
  })

  test('keeps what was streamed before it, and nothing that comes in the grace period', async () => {
    await using lambda = await extension({ FIXTURE_STAY: 'yes' }, { handler: fixture('extension', 'stream') })
    const { ok, error, chunks } = await lambda.invoke({})
    expect([ok, error?.errorType]).toEqual([false, 'Sandbox.Timedout'])
    expect(chunks.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['before'])
  })

  test('is an error for a caller that waits for the freeze', async () => {
    await using lambda = await extension({}, { earlyReturn: false })
    expect(await lambda.invoke({ holdMs: 5000 })).toMatchObject({ ok: false, error: { errorType: 'Sandbox.Timedout' } })
  })
})

describe.each(runtimes)('the end of a sandbox on $title', ({ runtime, real }) => {
  test.each([
    ['kills the process at once if there is no extension', 'handlers', 'warm', ['sigkill', 'exit']],
    ['sends SIGTERM if there is an extension', 'extension', 'handler', exitWhileWaiting(real)],
  ])('shutdown %s', async (_what, file, name, kinds) => {
    const lambda = await startLambda({ handler: fixture(file, name), runtime })
    await (await lambda.invoke({})).frozen
    const from = lambda.record.length
    await lambda.shutdown()
    expect(lambda.record.slice(from).map(({ kind }) => kind)).toEqual(kinds)
    expect(lambda.processState()).toBe('X')
    expect(lambda.pid).toBeUndefined()
  })

  /** Starts a function that has received an invocation, and answers it on SIGTERM. */
  async function underWay() {
    const env = { FIXTURE_EVENTS: '[]', FIXTURE_STAY: 'yes' }
    const lambda = await startLambda({ handler: fixture('extension', 'handler'), runtime, env })
    const begun = new Promise<void>((resolve) => lambda.on('entry', ({ kind }) => kind === 'runtime.invoke' && resolve()))
    const result = lambda.invoke({ untilTerminated: true })
    await begun
    return { lambda, result, from: lambda.record.length }
  }

  test('shutdown lets an invocation answer in the grace period, and freezes nothing', async () => {
    const { lambda, result, from } = await underWay()
    await lambda.shutdown()
    const { ok, frozen } = await result
    expect([ok, (await frozen).outcome]).toEqual([true, 'exited'])
    const kinds = lambda.record.slice(from).map(({ kind }) => kind)
    expect(kinds).toEqual(['sigterm', 'runtime.response', 'runtime.next', 'sigkill', 'exit'])
  })

  test('shutdown in the grace period of a timeout does not end the process a second time', async () => {
    const env = { FIXTURE_STAY: 'yes' }
    const lambda = await startLambda({ handler: fixture('extension', 'handler'), runtime, timeoutMs, env })
    const terminated = new Promise<void>((resolve) => lambda.on('entry', ({ kind }) => kind === 'sigterm' && resolve()))
    const result = lambda.invoke({ hang: true })
    await terminated
    await lambda.shutdown()
    expect(processKinds(lambda)).toEqual(['timeout', 'sigterm', 'sigkill', 'exit'])
    expect((await result).timedOut).toBe(true)
  })

  test.each(['shutdown', Symbol.asyncDispose] as const)('%s refuses invocations that wait for a new process, and starts none', async (end) => {
    const lambda = await startLambda({ handler: fixture('handlers', 'exit'), runtime })
    await (await lambda.invoke({ code: 1 })).frozen
    const invocations = Promise.allSettled([lambda.invoke({}), lambda.invoke({})])
    await lambda[end]()
    const reason = new Error('The sandbox has been shut down')
    expect(await invocations).toEqual([1, 2].map(() => ({ status: 'rejected', reason })))
    expect(lambda.record.filter(({ kind }) => kind === 'spawn')).toHaveLength(1)
    expect(lambda.pid).toBeUndefined()
  })

  test('a process that the runtime has spawned ends when the runtime exits', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const gone = once(server, 'connection').then(([socket]) => once((socket as Socket).resume(), 'close'))
    await using lambda = await startLambda({ handler: fixture('handlers', 'leave'), runtime })
    const { port } = server.address() as AddressInfo
    expect(await lambda.invoke({ port })).toMatchObject({ error: { errorType: 'Runtime.ExitError' } })
    await gone
    server.close()
  })

  test('leaving the scope of `await using` kills the process at once', async () => {
    let ended: LambdaSandbox | undefined
    {
      await using lambda = await startLambda({ handler: fixture('extension', 'handler'), runtime })
      await (await lambda.invoke({})).frozen
      ended = lambda
    }
    expect(ended.record.slice(-2).map(({ kind }) => kind)).toEqual(['sigkill', 'exit'])
  })
})
