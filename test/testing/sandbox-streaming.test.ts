import { startLambda } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { fixture, runtimes } from './runtimes.ts'

const text = (chunks: readonly { readonly bytes: Uint8Array }[]) => chunks.map(({ bytes }) => Buffer.from(bytes).toString()).join('')

describe.each(runtimes)('a streamed response on $title', ({ runtime }) => {
  const start = (name: string) => startLambda({ handler: fixture('streaming', name), runtime })
  const logged = (lambda: Awaited<ReturnType<typeof start>>) => lambda.logs.map(({ line }) => line).join('\n')

  test('whose caller leaves ends there for the caller, and the function runs to its end', async () => {
    await using lambda = await start('endless')
    const result = await lambda.invoke({ parts: 20 }, { disconnect: { afterBytes: 25 } })
    expect(result).toMatchObject({ ok: false, disconnected: true, timedOut: false, error: { errorType: 'Sandbox.Disconnected' } })
    expect(text(result.chunks)).toBe('0123456789'.repeat(3))
    expect(lambda.record.at(-1)?.kind).toBe('runtime.invoke')
    expect((await result.frozen).outcome).toBe('frozen')
    expect(text(result.chunks)).toHaveLength(30)
    expect(logged(lambda)).toContain('to the end')
    expect(await lambda.invoke({ parts: 1 })).toMatchObject({ ok: true, disconnected: false })
  })

  test('whose connection is reset ends the process', async () => {
    await using lambda = await start('endless')
    const result = await lambda.invoke({ parts: 1000 }, { disconnect: { afterBytes: 25, whose: 'runtime' } })
    expect(result).toMatchObject({ ok: false, disconnected: true, error: { errorType: 'Sandbox.Disconnected' } })
    expect((await result.frozen).outcome).toBe('exited')
    expect(logged(lambda)).toContain('ECONNRESET')
    expect(await lambda.invoke({ parts: 1 })).toMatchObject({ ok: true })
  })

  test('that ends before the disconnect is complete', async () => {
    await using lambda = await start('endless')
    expect(await lambda.invoke({ parts: 2 }, { disconnect: { afterBytes: 25 } })).toMatchObject({ ok: true, disconnected: false })
  })

  test('needs a handler that returns a promise', async () => {
    await using lambda = await start('promiseless')
    await (await lambda.invoke({})).frozen
    expect(logged(lambda)).toContain('Streaming does not support non-async handlers.')
  })

  test('does not use what the handler returns, and a warning says so', async () => {
    await using lambda = await start('talks')
    const result = await lambda.invoke({})
    await result.frozen
    expect(result.payload).toBe('done')
    expect(logged(lambda)).toContain('Streaming handlers ignore return values.')
  })

  test('cannot be given a content type after its first byte', async () => {
    await using lambda = await start('late')
    const { error } = await lambda.invoke({})
    expect(error).toMatchObject({ errorType: 'Runtime.InvalidStreamingOperation', errorMessage: 'Cannot set content-type, too late.' })
  })
})

test.runIf(runtimes.length > 1)('the stream that a handler gets has the same members on every runtime', async () => {
  const members = await Promise.all(
    runtimes.map(async ({ runtime }) => {
      await using lambda = await startLambda({ handler: fixture('streaming', 'shape'), runtime })
      return (await lambda.invoke({})).payload
    }),
  )
  expect(members[0]).toContain('writableFinished')
  expect(new Set(members.map((each) => JSON.stringify(each))).size).toBe(1)
})
