/** What the runtime client up to Node 22 does differently, which the sandbox answers all the same. */
import { startLambda } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { fixture, olderRuntimes } from './runtimes.ts'

describe.each(olderRuntimes)('on $title', ({ runtime }) => {
  const start = (name: string) => startLambda({ handler: fixture('handlers', name), runtime })

  test('a handler with a callback is called', async () => {
    await using lambda = await start('callback')
    expect(lambda.initError).toBeUndefined()
    expect(await lambda.invoke({ order: 7 })).toMatchObject({ ok: true, payload: 'called back' })
  })

  test('a handler that never settles and has nothing to wait for answers `null`, and the process lives', async () => {
    await using lambda = await start('forget')
    const result = await lambda.invoke({})
    expect(result).toMatchObject({ ok: true, payload: null })
    expect((await result.frozen).outcome).toBe('frozen')
  })

  test('a floating rejection is the invocation’s error, and ends the process', async () => {
    await using lambda = await start('float')
    const result = await lambda.invoke({})
    expect(result).toMatchObject({ ok: false, error: { errorType: 'Runtime.UnhandledPromiseRejection' } })
    expect((await result.frozen).outcome).toBe('exited')
  })
})

if (olderRuntimes.length === 0) test.skip('needs an older real client, which could not be built', () => {})
