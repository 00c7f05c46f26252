/** A sandbox that runs several invocations at once and never freezes: Lambda Managed Instances. */
import { startLambda } from 'flushed/testing'
import type { LambdaOptions } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { fixture, runtimes } from './runtimes.ts'

describe.each(runtimes)('with `concurrency`, on $title', ({ runtime }) => {
  const start = (name: string, options: Partial<LambdaOptions> = {}) =>
    startLambda({
      handler: fixture('concurrent', name),
      runtime,
      concurrency: 3,
      env: { AWS_LAMBDA_NODEJS_WORKER_COUNT: '1' },
      ...options,
    })
  const kinds = (lambda: { record: readonly { kind: string }[] }) => lambda.record.map(({ kind }) => kind)

  test('that many invocations run at once, with no trace in the environment and no freeze', async () => {
    await using lambda = await start('meet')
    const results = await Promise.all([1, 2, 3].map(() => lambda.invoke({ size: 3 })))
    expect(results.map(({ payload }) => payload)).toEqual([1, 2, 3].map(() => ({ concurrency: '3' })))
    expect(kinds(lambda)).not.toContain('freeze')
    expect(kinds(lambda)).not.toContain('thaw')
  })

  test('further invocations wait', async () => {
    await using lambda = await start('crowd')
    const results = await Promise.all(Array.from({ length: 10 }, () => lambda.invoke({})))
    expect(results.at(-1)?.payload).toEqual({ most: 3 })
  })

  test('an invocation is over with its response, and the process goes on', async () => {
    await using lambda = await start('goesOn')
    const said = new Promise((resolve) => lambda.on('log', ({ line }) => resolve(line)))
    const { frozen } = await lambda.invoke({})
    expect(await frozen).toMatchObject({ outcome: 'running' })
    expect(await said).toBe('went on')
    expect(lambda.processState()).not.toBe('T')
  })

  test('a timeout ends neither the process nor another invocation', async () => {
    await using lambda = await start('hangsOrAnswers', { timeoutMs: 200 })
    const hanging = lambda.invoke({ hang: true })
    expect((await lambda.invoke({})).payload).toBe('answered')
    expect(await hanging).toMatchObject({ timedOut: true, error: { errorType: 'Sandbox.Timedout' } })
    expect((await lambda.invoke({})).payload).toBe('answered')
    expect(kinds(lambda).filter((kind) => kind === 'spawn')).toHaveLength(1)
  })

  test('a process that dies fails all invocations under way, and another process takes its place', async () => {
    await using lambda = await start('exits')
    const [waiting, dying] = [lambda.invoke({ exit: false }), lambda.invoke({ exit: true })]
    expect(await waiting).toMatchObject({ ok: false, error: { errorType: 'Runtime.ExitError' } })
    expect(await dying).toMatchObject({ ok: false, error: { errorType: 'Runtime.ExitError' } })
    const results = await Promise.all([lambda.invoke({}), lambda.invoke({})])
    expect(results.map(({ payload }) => payload)).toEqual(['new', 'new'])
    expect(kinds(lambda).filter((kind) => kind === 'spawn')).toHaveLength(2)
  })

  test.each([
    ['["INVOKE"]', 'Extension.InvalidEventType'],
    ['[]', undefined],
  ])('an internal extension that registers for %s is answered with %s', async (events, errorType) => {
    const env = { AWS_LAMBDA_NODEJS_WORKER_COUNT: '1', FIXTURE_EVENTS: events }
    await using lambda = await start('handler', { handler: fixture('extension', 'handler'), env })
    const { payload } = await lambda.invoke({})
    const [registration] = (payload as { registrations: { status: number; body: { errorType?: string } }[] }).registrations
    expect(registration).toMatchObject({ status: errorType ? 403 : 200 })
    expect(registration?.body.errorType).toBe(errorType)
  })
})

test.each([0, -1, Number.NaN])('a `concurrency` of %s is refused', async (concurrency) => {
  await expect(startLambda({ handler: fixture('concurrent', 'meet'), concurrency })).rejects.toThrow(`got ${concurrency}`)
})
