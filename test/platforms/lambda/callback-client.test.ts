/** Callback-style handlers on the real runtime clients. */
import { describe, expect, test } from 'vitest'
import { rootOf, runtimes } from '../../support/lambda.ts'

const NAMES = ['label', 'ship', 'flushed-test']

describe.each(runtimes)('on $title: a callback-style handler', ({ title, startFunction }) => {
  /** Client 3 calls such handlers; client 4 does not, nor has its context `succeed`, `fail` and `done`. */
  const calls = title.includes('aws-lambda-ric 3')

  test.skipIf(calls)('is refused as it is', async () => {
    await using lambda = await startFunction('callback.bare')
    expect(lambda.sandbox.initError?.errorType).toBe('Runtime.CallbackHandlerDeprecated')
  })

  test.each([
    ['calls back', 'succeeds'],
    ['calls back when the thread pool is done', 'hashes'],
    ['returns a promise', 'promises'],
    ['calls back after it has awaited something', 'awaits'],
    ['calls back, with a timer left that runs on', 'leaves'],
    ['ends by `context.done`, where there is one', 'ends'],
  ])('that %s has its result, and its spans delivered at the freeze', async (_what, name) => {
    await using lambda = await startFunction(`callback.${name}`)
    const { result, freeze } = await lambda.invoke({ id: 7 })
    expect(result).toMatchObject({ ok: true, payload: { id: 7 } })
    expect(freeze.spans.map((span) => span.name)).toEqual(NAMES)
    expect(rootOf(freeze.spans)?.attributes['faas.invocation_id']).toBe(result.requestId)
  })

  test.each(['fails', 'throws'])('that %s has its error, and its spans delivered at the freeze', async (name) => {
    await using lambda = await startFunction(`callback.${name}`)
    const { result, freeze } = await lambda.invoke()
    expect(result).toMatchObject({ ok: false, error: { errorType: 'RangeError', errorMessage: 'out of stock' } })
    expect(freeze.spans.map((span) => span.name)).toEqual(NAMES)
    expect(rootOf(freeze.spans)?.attributes['error.type']).toBe('RangeError')
  })

  test('that never calls back is over when the event loop is empty, with no result', async () => {
    await using lambda = await startFunction('callback.forgets')
    const { result, freeze } = await lambda.invoke()
    expect(result).toMatchObject({ ok: true, payload: null })
    expect(freeze.spans.map((span) => span.name)).toEqual(NAMES)
  })

  test('that is none, and returns nothing, is over at once, with its spans delivered at the freeze', async () => {
    await using lambda = await startFunction('callback.returns', { timeoutMs: 2000 })
    for (let id = 0; id < 3; id++) {
      const { result, freeze } = await lambda.invoke()
      expect(result).toMatchObject({ ok: true, payload: null })
      expect(freeze.spans.map((span) => span.name)).toEqual(NAMES)
    }
  })

  test('that has a result, has it at once, also when a collector that hangs holds the event loop', async () => {
    await using lambda = await startFunction('callback.value', { behavior: 'hang', timeoutMs: 4000 })
    for (const id of [1, 2, 3]) expect(await lambda.sandbox.invoke({ id })).toMatchObject({ ok: true, payload: { id } })
  })

  test.runIf(calls).each([
    ['ends by `context.succeed`, with no third parameter', 'ended'],
    ['ends by `context.succeed`, and has returned a timer', 'timed'],
    ['ends by `context.succeed` when the thread pool is done', 'hashed'],
    ['calls back, with no third parameter', 'spread'],
  ])('that %s, has its result', async (_what, name) => {
    await using lambda = await startFunction(`callback.${name}`)
    const { result, freeze } = await lambda.invoke({ id: 7 })
    expect(result).toMatchObject({ ok: true, payload: { id: 7 } })
    expect(freeze.spans.map((span) => span.name)).toEqual(NAMES)
  })
})
