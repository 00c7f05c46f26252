/** Handlers of every style in a function that is registered as an extension, on the real runtime clients. */
import { describe, expect, test } from 'vitest'
import { count, expectSerial, warnings } from '../../../support/extension.ts'
import { type Lambda, type LambdaSetup, rootOf, runtimes } from '../../../support/lambda.ts'

const SLOW = { delayMs: 300 }
const REGISTERED = { NODE_OPTIONS: '--import flushed/lambda/register' }

const clients = runtimes.map(({ title, startFunction }) => ({
  title,
  /** Client 3 calls callback-style handlers, and waits for an empty event loop. */
  older: title.includes('aws-lambda-ric 3'),
  start: (handler: string, { env, ...setup }: LambdaSetup = {}) => startFunction(handler, { ...setup, env: { ...REGISTERED, ...env } }),
}))

/** Invokes a few times. Expects the sandbox to be held as long as it must be, and much less than the function's 10 s. */
async function expectReleased(lambda: Lambda, { event = {}, times = 3, heldMs = 0 }) {
  const results = []
  for (let id = 0; id < times; id++) {
    const { result, freeze } = await lambda.invoke({ id, ...event })
    const { afterMs } = await result.frozen
    expect(afterMs).toBeGreaterThanOrEqual(heldMs - 10)
    expect(afterMs).toBeLessThan(heldMs + 2000)
    results.push({ result, freeze })
  }
  expect(count(lambda, 'extension.next')).toBe(times + 1)
  expect(warnings(lambda)).toEqual([])
  return results
}

const namesOf = ({ freeze }: { freeze: { spans: readonly { name: string }[] } }) => freeze.spans.map(({ name }) => name)

describe.each(clients.flatMap((client) => ['inside', 'around'].map((style) => ({ ...client, style }))))(
  'on $title, registered, a streaming handler that is wrapped $style `streamifyResponse`',
  { concurrent: true },
  ({ start, style, older }) => {
    test('is flushed once its caller has everything, and the sandbox is held only for that flush', async () => {
      await using lambda = await start(`streaming.parts.${style}`, { behavior: SLOW })
      for (const each of await expectReleased(lambda, { heldMs: SLOW.delayMs })) {
        expect(each.result).toMatchObject({ ok: true, payload: 'one two' })
        expect(each.result.responseMs).toBeLessThan(SLOW.delayMs)
        expect(namesOf(each)).toEqual(['write', 'flushed-test'])
      }
      expectSerial(lambda)
      expect(lambda.logs()).not.toContain('before-response')
    })

    test('may leave background work, which is done and delivered before the freeze', async () => {
      await using lambda = await start(`streaming.background.${style}`)
      for (const each of await expectReleased(lambda, { heldMs: 150 })) {
        expect(each.result).toMatchObject({ ok: true, payload: 'pong' })
        expect(namesOf(each)).toEqual(['audit', 'flushed-test'])
      }
    })

    test.for([
      ['is done before its stream', 'later', { ok: true, payload: 'one two' }],
      ['fails half-way', 'fails', { ok: false, payload: 'half' }],
      ['fails after the end of its stream', 'failsAfter', { ok: true, payload: 'whole' }],
    ] as const)('that %s is delivered by the freeze, and releases the sandbox', async ([, name, expected]) => {
      await using lambda = await start(`streaming.${name}.${style}`)
      for (const { result, freeze } of await expectReleased(lambda, { event: { gapMs: 50 } })) {
        expect(result).toMatchObject(expected)
        expect(rootOf(freeze.spans)?.attributes['faas.invocation_id']).toBe(result.requestId)
      }
    })

    test('with a hung collector is answered at once, holds the sandbox for `timeoutMs`, and loses no span', async () => {
      await using lambda = await start(`streaming.ends.${style}`, { behavior: 'hang', env: { TIMEOUT_MS: '300' } })
      for (const { result } of await expectReleased(lambda, { heldMs: 300 })) {
        expect(result).toMatchObject({ ok: true, payload: 'pong' })
        expect(result.responseMs).toBeLessThan(300)
      }
      lambda.collector.behave('ok')
      const { freeze } = await lambda.invoke()
      expect(new Set(freeze.spans.map(({ spanId }) => spanId)).size).toBe(4)
    })

    test('whose caller disconnects holds the sandbox until it is done, and no longer', async () => {
      await using lambda = await start(`streaming.endless.${style}`)
      const { result, freeze } = await lambda.invoke({ forMs: 200 }, { disconnect: { afterBytes: 2000 } })
      expect(result.disconnected).toBe(true)
      expect(freeze.spans).toHaveLength(1)
      expect((await result.frozen).afterMs).toBeLessThan(1500)
    })

    test.skipIf(older)('whose stream fails ends the process with its spans delivered; the next process registers again', async () => {
      await using lambda = await start(`streaming.pipes.${style}`, { behavior: { delayMs: 50 } })
      for (let id = 1; id < 3; id++) {
        expect(await (await lambda.sandbox.invoke({})).frozen).toMatchObject({ outcome: 'exited' })
        expect(lambda.collector.spans).toHaveLength(id)
        expect(count(lambda, 'extension.register')).toBe(id)
      }
    })
  },
)

describe.each(clients)('on $title, registered, a streaming handler', { concurrent: true }, ({ start }) => {
  test('that never ends its stream releases the sandbox before the timeout', async () => {
    await using lambda = await start('streaming.open.around', { timeoutMs: 1500, env: { MARGIN_MS: '700' } })
    const result = await lambda.sandbox.invoke({})
    expect(result.timedOut).toBe(true)
    expect(rootOf(lambda.collector.spans)?.attributes['flushed.response_stream']).toBe('unfinished')
    await result.frozen
    const kinds = lambda.sandbox.record.map(({ kind }) => kind)
    expect(kinds.lastIndexOf('extension.next')).toBeLessThan(kinds.indexOf('timeout'))
  })

  test('that is wrapped twice is one invocation with one flush', async () => {
    await using lambda = await start('streaming.twice', { behavior: SLOW })
    for (const { freeze } of await expectReleased(lambda, { heldMs: SLOW.delayMs })) expect(freeze.spans).toHaveLength(2)
    expectSerial(lambda)
  })
})

describe.each(clients)('on $title, registered, a callback-style handler', { concurrent: true }, ({ start, older }) => {
  const NAMES = ['label', 'ship', 'flushed-test']

  test.for([
    ['calls back', 'succeeds', { ok: true, payload: { id: 7 } }],
    ['returns a promise', 'promises', { ok: true, payload: { id: 7 } }],
    ['calls back, and leaves a timer running', 'leaves', { ok: true, payload: { id: 7 } }],
    ['ends with `context.done`, if there is one', 'ends', { ok: true, payload: { id: 7 } }],
    ['calls back with an error', 'fails', { ok: false, error: { errorMessage: 'out of stock' } }],
    ['throws', 'throws', { ok: false, error: { errorMessage: 'out of stock' } }],
    ['only returns', 'returns', { ok: true, payload: null }],
    ['never calls back, and leaves nothing to wait for', 'forgets', { ok: true, payload: null }],
  ] as const)('that %s is answered at once, and its spans are delivered before the freeze', async ([, name, expected]) => {
    await using lambda = await start(`callback.${name}`, { behavior: SLOW })
    for (const each of await expectReleased(lambda, { event: { id: 7 }, heldMs: SLOW.delayMs })) {
      expect(each.result).toMatchObject(expected)
      expect(each.result.responseMs).toBeLessThan(SLOW.delayMs)
      expect(namesOf(each)).toEqual(NAMES)
    }
    if (expected.ok) expectSerial(lambda)
  })

  // An invocation that passes through no wrap is held until 50 ms before its timeout, which a busy machine may miss.
  const busy = { retry: 2 }
  test.runIf(older).for([true, false])('without a wrap is answered as if there were no extension, `callbackWaitsForEmptyEventLoop = %s`', busy, async (waits) => {
    await using lambda = await start('callback.unwrapped', { timeoutMs: 2000 })
    for (let id = 0; id < 3; id++) {
      const { result } = await lambda.invoke({ id, waits })
      expect(result).toMatchObject({ ok: true, payload: { id } })
      expect(result.responseMs).toBeLessThan(500)
    }
    expect(count(lambda, 'extension.next')).toBe(4)
  })
})
