import { startLambda } from 'flushed/testing'
import type { LambdaOptions, RegistrationRefusal } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { fixture, runtimes } from './runtimes.ts'

interface Registration {
  readonly status: number
  readonly body: { readonly errorType?: string; readonly functionName?: string; readonly handler?: string }
}
interface Payload {
  readonly registrations: readonly Registration[]
  readonly events: readonly unknown[]
}

describe.each(runtimes)('an internal extension on $title', ({ runtime }) => {
  const start = (env: Record<string, string>, options: Partial<LambdaOptions> = {}, name = 'handler') =>
    startLambda({ handler: fixture('extension', name), runtime, env, ...options })
  const refusals = async (env: Record<string, string>, options: Partial<LambdaOptions> = {}) => {
    await using lambda = await start(env, options)
    const { payload } = await lambda.invoke({})
    return (payload as Payload).registrations.map(({ body }) => body.errorType)
  }

  test('registers while the function loads, and gets an event for each invocation', async () => {
    await using lambda = await start({}, { timeoutMs: 2000 })
    const first = await lambda.invoke({}, { requestId: 'r-1', traceId: 'Root=1-a-b' })
    const { registrations } = first.payload as Payload
    expect(registrations).toMatchObject([
      { status: 200, body: { functionName: 'flushed-test', functionVersion: '$LATEST', handler: 'extension.handler' } },
    ])
    const { events } = (await lambda.invoke({}, { requestId: 'r-2' })).payload as Payload
    expect(events[0]).toEqual({
      eventType: 'INVOKE',
      requestId: 'r-1',
      deadlineMs: expect.any(Number),
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:flushed-test',
      tracing: { type: 'X-Amzn-Trace-Id', value: 'Root=1-a-b' },
    })
    await lambda.frozen('r-2')
    const polls = lambda.record.filter(({ extension }) => extension === 'probe').map(({ kind }) => kind)
    expect(polls).toEqual([
      'extension.register',
      'extension.next',
      ...Array(2).fill(['extension.invoke', 'extension.next']).flat(),
    ])
  })

  test('that is registered for no events does not hold the sandbox', async () => {
    await using lambda = await start({ FIXTURE_EVENTS: '[]' })
    for (const requestId of ['r-1', 'r-2']) {
      const result = await lambda.invoke({ holdMs: 1000 }, { requestId })
      expect((await result.frozen).afterMs).toBeLessThan(1000)
    }
    expect(lambda.record.filter(({ kind }) => kind === 'extension.next')).toHaveLength(1)
  })

  test('that never polls makes init time out', async () => {
    await using lambda = await start({ FIXTURE_POLL: 'no' }, { initTimeoutMs: 1000 })
    expect(lambda.initError).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: 'Init timed out after 1.00 seconds; no next from probe',
    })
  })

  test('cannot register for SHUTDOWN', async () => {
    expect(await refusals({ FIXTURE_EVENTS: '["INVOKE","SHUTDOWN"]' })).toEqual(['Extension.InvalidEventType'])
  })

  test('cannot register twice under the same name', async () => {
    const types = await refusals({ FIXTURE_NAMES: 'one,one', FIXTURE_EVENTS: '[]' })
    expect(types.sort()).toEqual(['Extension.InvalidExtensionState', undefined])
  })

  test('cannot register as the eleventh', async () => {
    const names = Array.from({ length: 11 }, (_, n) => `e${n}`).join()
    const types = await refusals({ FIXTURE_NAMES: names, FIXTURE_EVENTS: '[]' })
    expect(types.filter((type) => type !== undefined)).toEqual(['Extension.TooManyExtensions'])
  })

  test('cannot register once the runtime has asked for work', async () => {
    await using lambda = await start({})
    const { payload } = await lambda.invoke({ register: 'too-late' })
    expect(payload).toMatchObject({ status: 403, body: { errorType: 'Extension.RegistrationClosed' } })
    expect(lambda.record).toContainEqual(expect.objectContaining({ kind: 'extension.refused', extension: 'too-late' }))
  })

  test('that polls twice at once is refused', async () => {
    await using lambda = await start({ FIXTURE_EVENTS: '[]' }, {}, 'twice')
    expect((await lambda.invoke({})).payload).toMatchObject({ errorType: 'Extension.InvalidExtensionState' })
  })

  test.each<RegistrationRefusal>([
    'Extension.InvalidEventType',
    'Extension.RegistrationClosed',
    'Extension.InvalidExtensionState',
    'Extension.TooManyExtensions',
  ])('can be refused with %s', async (refuse) => {
    expect(await refusals({}, { extensions: { refuse } })).toEqual([refuse])
  })

  test('can be left without an answer to its registration', async () => {
    await using lambda = await start({}, { extensions: { refuse: 'hang' }, initTimeoutMs: 500 })
    expect(lambda.initError?.errorMessage).toContain('no next from the runtime')
  })
  test.each<RegistrationRefusal>([503, 'reset'])('can have its registration answered with %s', async (refuse) => {
    await using lambda = await start({}, { extensions: { refuse } })
    // The fixture cannot read that answer, and the function does not load.
    expect(lambda.initError).toBeDefined()
    expect(lambda.record.filter(({ kind }) => kind.startsWith('extension.'))).toEqual([])
  })

  test('can be registered, and get the answer late', async () => {
    await using lambda = await start({}, { extensions: { answerAfterMs: 300 } })
    const at = (kind: string) => lambda.record.find((entry) => entry.kind === kind)?.at ?? Number.NaN
    expect(at('extension.next') - at('extension.register')).toBeGreaterThanOrEqual(295)
    expect(lambda.initError).toBeUndefined()
  })

  test('can lose the connection of a poll', async () => {
    await using lambda = await start({}, { extensions: { resetNext: 2 }, timeoutMs: 3000 })
    const result = await lambda.invoke({})
    expect((await result.frozen).outcome).toBe('exited')
    expect(lambda.logs.some(({ line }) => line.includes('ECONNRESET'))).toBe(true)
    expect(lambda.record.filter(({ kind }) => kind === 'extension.next')).toHaveLength(2)
  })
})
