import { startLambda } from 'flushed/testing'
import type { LambdaOptions } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { fixture, runtimes } from './runtimes.ts'

describe.each(runtimes)('an invocation on $title', ({ runtime }) => {
  const start = (name: string, options: Partial<LambdaOptions> = {}, file = 'handlers') =>
    startLambda({ handler: fixture(file, name), runtime, ...options })

  test('returns what the handler returns', async () => {
    await using lambda = await start('echo', { timeoutMs: 5000, functionName: 'orders', env: { MINE: 'yes' } })
    const result = await lambda.invoke({ order: 7 }, { requestId: 'r-1', traceId: 'Root=1-a-b', clientContext: { app: 1 } })
    expect(result).toMatchObject({ requestId: 'r-1', ok: true, timedOut: false })
    expect(result.payload).toMatchObject({
      event: { order: 7 },
      context: {
        awsRequestId: 'r-1',
        functionName: 'orders',
        functionVersion: '$LATEST',
        memoryLimitInMB: '128',
        invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:orders',
        logGroupName: '/aws/lambda/orders',
        xRayTraceId: 'Root=1-a-b',
        clientContext: { app: 1 },
      },
      env: { MINE: 'yes', _X_AMZN_TRACE_ID: 'Root=1-a-b', AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand' },
    })
    const { context, env } = result.payload as { context: { remainingMs: number }; env: Record<string, string> }
    expect(context.remainingMs).toBeGreaterThan(4000)
    expect(context.remainingMs).toBeLessThanOrEqual(5000)
    expect(env).not.toHaveProperty('VITEST')
    expect(result.responseMs).toBeGreaterThanOrEqual(result.firstByteMs)
  })

  test('gets its client context and its identity in any script', async () => {
    await using lambda = await start('echo')
    const [clientContext, cognitoIdentity] = [{ name: '日本 🗾 é "\n' }, { cognitoIdentityId: 'né' }]
    const { payload } = await lambda.invoke({}, { clientContext, cognitoIdentity })
    expect(payload).toMatchObject({ context: { clientContext, identity: cognitoIdentity } })
  })

  test('reports what the handler throws', async () => {
    await using lambda = await start('fail')
    const result = await lambda.invoke({})
    expect(result).toMatchObject({ ok: false, error: { errorType: 'OrderError', errorMessage: 'no such order' } })
    expect(result.error?.stackTrace?.length).toBeGreaterThan(1)
    expect((await result.frozen).outcome).toBe('frozen')
  })

  test('whose response is longer than Lambda takes fails, and the next one runs in the same process', async () => {
    await using lambda = await start('long')
    const quotes = 2
    const longest = await lambda.invoke({ length: 6_291_556 - quotes })
    expect(longest.ok).toBe(true)
    const longer = await lambda.invoke({ length: 6_291_556 - quotes + 1 })
    const error = {
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes).',
    }
    expect(longer).toMatchObject({ ok: false, payload: error, error })
    expect((await lambda.invoke({ length: 1 })).payload).toBe('x')
    expect(lambda.record.filter(({ kind }) => kind === 'spawn')).toHaveLength(1)
  })

  test('whose response is streamed may be longer than a buffered one', async () => {
    await using lambda = await start('long', {}, 'streaming')
    const { ok, payload } = await lambda.invoke({ length: 7_000_000 })
    expect([ok, String(payload).length]).toEqual([true, 7_000_000])
  })

  test('reuses the process, one invocation at a time', async () => {
    await using lambda = await start('warm')
    const results = await Promise.all([1, 2, 3].map((n) => lambda.invoke(n)))
    expect(results.map(({ payload }) => payload)).toEqual([1, 2, 3].map((invocations) => ({ pid: lambda.pid, invocations })))
    await results[2]?.frozen
    const kinds = lambda.record.map(({ kind }) => kind)
    const each = ['thaw', 'runtime.invoke', 'runtime.response', 'runtime.next', 'freeze']
    expect(kinds).toEqual(['spawn', 'runtime.next', 'freeze', ...each, ...each, ...each])
  })

  test('that exits fails, and the next one starts cold', async () => {
    await using lambda = await start('exit')
    const { pid } = lambda
    const result = await lambda.invoke({ code: 3 }, { requestId: 'r-1' })
    expect(result.error).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: 'RequestId: r-1 Error: Runtime exited with error: exit status 3',
    })
    expect(await result.frozen).toMatchObject({ requestId: 'r-1', outcome: 'exited', processState: 'X' })
    expect((await lambda.invoke({ code: 0 })).error?.errorMessage).toContain('without providing a reason')
    expect(lambda.record.filter(({ kind }) => kind === 'spawn')).toHaveLength(2)
    expect(lambda.pid).not.toBe(pid)
  })

  test('that exits is over even if a process that it left behind holds its output', async () => {
    await using lambda = await start('haunt')
    const result = await lambda.invoke({})
    const left = lambda.logs.map(({ line }) => /^left (\d+)$/.exec(line)?.[1]).find(Boolean)
    expect((await result.frozen).outcome).toBe('exited')
    process.kill(Number(left), 'SIGKILL')
  })

  test('that never settles and has nothing to wait for ends the process', async () => {
    await using lambda = await start('forget')
    const result = await lambda.invoke({})
    expect(result).toMatchObject({ timedOut: false, error: { errorType: 'Runtime.ExitError' } })
  })

  test('with a floating rejection fails and ends the process', async () => {
    await using lambda = await start('float')
    const result = await lambda.invoke({})
    expect(result.ok).toBe(false)
    expect(result.error?.errorType).toBe('Runtime.ExitError')
    expect((await result.frozen).outcome).toBe('exited')
  })

  test('passes on what the function logs', async () => {
    await using lambda = await start('log')
    const lines: string[] = []
    lambda.on('log', ({ stream, line }) => lines.push(`${stream}: ${line}`))
    await (await lambda.invoke({})).frozen
    await expect.poll(() => lines.sort()).toEqual(['stderr: to stderr', 'stdout: to stdout'])
    expect(lambda.logs).toHaveLength(2)
  })

  test('gets an init error once; the next one gets a new environment', async () => {
    await using lambda = await start('callback')
    expect(lambda.initError).toMatchObject({ errorType: 'Runtime.CallbackHandlerDeprecated' })
    expect((await lambda.invoke({})).error?.errorType).toBe('Runtime.CallbackHandlerDeprecated')
    await lambda.invoke({})
    expect(lambda.record.filter(({ kind }) => kind === 'spawn')).toHaveLength(2)
  })

  test('of a streaming handler gets its response in pieces', async () => {
    await using lambda = await start('parts', {}, 'streaming')
    const result = await lambda.invoke({ parts: ['one ', 'two ', 'three'] })
    expect(result).toMatchObject({ ok: true, payload: 'one two three' })
    expect(result.chunks.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['one ', 'two ', 'three'])
    expect(result.responseMs - result.firstByteMs).toBeGreaterThan(30)
    expect((await result.frozen).outcome).toBe('frozen')
  })

  test('of a streaming handler may get a prelude before its response', async () => {
    await using lambda = await start('http', {}, 'streaming')
    expect(await lambda.invoke({})).toMatchObject({
      ok: true,
      prelude: { statusCode: 201, headers: { 'x-a': 'b' } },
      payload: 'created',
    })
  })

  test('of a streaming handler may fail half-way', async () => {
    await using lambda = await start('fails', {}, 'streaming')
    const result = await lambda.invoke({})
    expect(result).toMatchObject({ ok: false, payload: 'half of it', error: { errorType: 'HalfError' } })
    expect((await result.frozen).outcome).toBe('frozen')
  })

  test('is refused after shutdown', async () => {
    const lambda = await start('warm')
    const queued = Promise.allSettled([lambda.invoke(1), lambda.invoke(2)])
    await lambda.invoke(0)
    await lambda.shutdown()
    expect((await queued).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    await expect(lambda.invoke(3)).rejects.toThrow('shut down')
    await expect(lambda.frozen('no such id')).rejects.toThrow('"no such id"')
    await lambda.shutdown()
  })
})

test.each(['orders.handler', '/app/orders', '/app/.handler'])('a handler %s is refused', async (handler) => {
  await expect(startLambda({ handler })).rejects.toThrow(JSON.stringify(handler))
})

test.each([
  ['a command that does not exist', { runtime: { command: '/no/such/node' } }, 'spawn /no/such/node ENOENT'],
  ['a command that is no program', { runtime: { command: import.meta.dirname } }, `spawn ${import.meta.dirname} EACCES`],
  ['a task root that does not exist', { handler: '/no/such/folder/orders.handler' }, 'the task root /no/such/folder is no folder'],
  ['a task root that is a file', { handler: `${import.meta.filename}/orders.handler` }, `the task root ${import.meta.filename} is no folder`],
])('a runtime that cannot be started, because of %s, says why', async (_what, options, why) => {
  await using lambda = await startLambda({ handler: fixture('handlers', 'echo'), ...options })
  const error = { errorType: 'Runtime.ExitError', errorMessage: `Runtime could not be started: ${why}` }
  expect(lambda.initError).toEqual(error)
  // Reported once for the init, and once more by the process that takes its place.
  expect([(await lambda.invoke({})).error, (await lambda.invoke({})).error]).toEqual([error, error])
  expect(lambda.pid).toBeUndefined()
})

// Node may report the end of a process before it has read the last output, and does so if several end at once.
test('functions that exit together have all of their output in the logs', async () => {
  const starting = Array.from({ length: 12 }, () => startLambda({ handler: fixture('handlers', 'lament'), timeoutMs: 20_000 }))
  const sandboxes = await Promise.all(starting)
  const lines = sandboxes.map(async (lambda) => {
    await (await lambda.invoke({ lines: 20 })).frozen
    return lambda.logs.filter(({ line }) => line.endsWith('---')).length
  })
  expect(await Promise.all(lines)).toEqual(Array(12).fill(20))
  await Promise.all(sandboxes.map((lambda) => lambda.shutdown()))
})

// A function's output and its request for the next event come by two different ways.
test('functions that are frozen have all of their output in the logs', async () => {
  const starting = Array.from({ length: 6 }, () => startLambda({ handler: fixture('handlers', 'chatter'), timeoutMs: 20_000 }))
  const sandboxes = await Promise.all(starting)
  const missing = sandboxes.map(async (lambda) => {
    for (let invocations = 1; invocations <= 50; invocations++) {
      await (await lambda.invoke({})).frozen
      if (lambda.logs.length < 2 * invocations) return lambda.logs.map(({ line }) => line.slice(-10))
    }
    return []
  })
  expect((await Promise.all(missing)).flat()).toEqual([])
  await Promise.all(sandboxes.map((lambda) => lambda.shutdown()))
})
