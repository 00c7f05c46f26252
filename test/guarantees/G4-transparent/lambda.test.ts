/** G4 Transparent, on the real runtime clients: Lambda gets the handler's own result or error, with spans delivered. */
import { describe, expect, test } from 'vitest'
import { rootOf, runtimes } from '../../support/lambda.ts'

describe.each(runtimes)('on $title', ({ startFunction }) => {
  describe.each([
    ['an answering collector', 'ok'],
    ['a collector that answers 500', { status: 500 }],
  ] as const)('with %s', (_what, behavior) => {
    test('a value that is returned without a promise is the response', async () => {
      await using lambda = await startFunction('orders.returnsValue', { behavior })
      const { result } = await lambda.invoke({ id: 7 })
      expect(result).toMatchObject({ ok: true, payload: { id: 7 } })
    })

    test('a synchronously thrown error fails the invocation with its own type and message', async () => {
      await using lambda = await startFunction('orders.throws', { behavior })
      const { result } = await lambda.invoke()
      expect(result).toMatchObject({ ok: false, error: { errorType: 'RangeError', errorMessage: 'out of stock' } })
    })

    test('a rejection with `undefined` fails the invocation just as it does without the wrap', async () => {
      await using bare = await startFunction('bare.rejectsUndefined')
      await using lambda = await startFunction('orders.rejectsUndefined', { behavior })
      const [expected, { result }] = [await bare.sandbox.invoke({}), await lambda.invoke()]
      expect(result.ok).toBe(false)
      expect(result.error).toMatchObject({ errorType: expected.error?.errorType, errorMessage: expected.error?.errorMessage })
    })
  })

  test('a handler that throws has its spans delivered before the freeze, with the error on the root', async () => {
    await using lambda = await startFunction('orders.throws')
    const { freeze } = await lambda.invoke()
    const root = rootOf(freeze.spans)
    expect(freeze.spans.map(({ name }) => name)).toEqual(['label', 'ship', 'flushed-test'])
    expect(root?.status).toMatchObject({ message: 'out of stock' })
    expect(root?.attributes['error.type']).toBe('RangeError')
  })

  test('a hung collector causes no unhandled rejection, neither then nor when its requests fail later', async () => {
    await using lambda = await startFunction('orders.handler', { behavior: 'hang', env: { TIMEOUT_MS: '200' } })
    for (let id = 0; id < 5; id++) expect((await lambda.invoke({ id })).result.payload).toEqual({ id })
    await lambda.collector.refuse() // every hanging request fails at once
    expect((await lambda.invoke({ id: 5 })).result.payload).toEqual({ id: 5 })
    expect(lambda.logs()).not.toMatch(/unhandled/i)
    expect(lambda.sandbox.record.filter(({ kind }) => kind === 'spawn')).toHaveLength(1)
  })
})
