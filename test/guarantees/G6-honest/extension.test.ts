/**
 * G6 Honest, with the flush after the response, on the real runtime clients: every span is accounted for, and so is every
 * reason for having no extension.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Behaviors } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { count, expectSerial, warnings } from '../../support/extension.ts'
import { type Lambda, type LambdaSetup, runtime, runtimes, startFunction } from '../../support/lambda.ts'

const OUTAGE = 30

interface Spans {
  readonly acknowledged: number
  readonly failed: number
}

const reported = (logs: string): Spans[] =>
  logs.split('\n').flatMap((line) => (line.includes('REPORT ') ? [JSON.parse(line.slice(line.indexOf('REPORT ') + 7)).spans] : []))

const sum = (spans: Spans[], key: keyof Spans) => spans.reduce((total, each) => total + each[key], 0)

/**
 * Invokes until every span that was created has been delivered or reported as lost. The exporter allows 30 requests at a
 * time: after an outage it first has to see that those are over, and it retries some of them on its own timers.
 */
async function recover(lambda: Lambda, invocations: number) {
  lambda.collector.behave('ok')
  lambda.collector.release({ status: 500 })
  for (let more = 1; more <= 50; more++) {
    await lambda.invoke({ id: invocations + more })
    await sleep(50)
    const delivered = new Set(lambda.collector.spans.map(({ spanId }) => spanId)).size
    const spans = reported(lambda.logs())
    const lost = sum(spans, 'failed')
    if (delivered + lost === 2 * (invocations + more)) return { more, delivered, lost, acknowledged: sum(spans, 'acknowledged') }
  }
  throw new Error(`not delivered: ${lambda.logs()}`)
}

describe.each(runtimes)(`on $title, registered, a collector that for ${OUTAGE} invocations`, { concurrent: true, timeout: 60_000 }, ({ startFunction }) => {
  const outage = async (behavior: Behaviors, env: Record<string, string> = {}) => {
    await using lambda = await startFunction('registered.handler', { behavior, env: { TIMEOUT_MS: '100', ...env } })
    for (let id = 0; id < OUTAGE; id++) expect((await lambda.invoke({ id })).freeze.spans).toEqual([])
    return await recover(lambda, OUTAGE)
  }

  test.for([
    ['does not answer', 'hang'],
    ['answers 500', { status: 500 }],
    ['answers 503, which the exporter itself tries again', { status: 503 }],
  ] as const)('%s: nothing is lost within the buffer’s limit', async ([, behavior]) => {
    const { lost, delivered, more } = await outage(behavior)
    expect([lost, delivered]).toEqual([0, 2 * (OUTAGE + more)])
  })

  test.for([
    ['does not answer', 'hang'],
    ['answers 500', { status: 500 }],
  ] as const)('%s: beyond the buffer’s limit, the exact number of lost spans is reported', async ([, behavior]) => {
    const { lost, delivered, acknowledged } = await outage(behavior, { OTEL_BSP_MAX_QUEUE_SIZE: '20' })
    // All except those that the buffer and the requests under way have room for.
    expect(lost).toBeGreaterThan(OUTAGE)
    expect(acknowledged).toBe(delivered)
  })
})

const NOTHING: LambdaSetup = {}
const refused = (refuse: NonNullable<LambdaSetup['extensions']>['refuse'] & {}): LambdaSetup => ({ extensions: { refuse } })

const refusals: [string, string, LambdaSetup, string][] = [
  ['refused: InvalidEventType', 'registered.handler', refused('Extension.InvalidEventType'), 'Extension.InvalidEventType'],
  ['refused: RegistrationClosed', 'registered.handler', refused('Extension.RegistrationClosed'), 'Extension.RegistrationClosed'],
  ['refused: InvalidExtensionState', 'registered.handler', refused('Extension.InvalidExtensionState'), 'Extension.InvalidExtensionState'],
  ['refused: TooManyExtensions', 'registered.handler', refused('Extension.TooManyExtensions'), 'Extension.TooManyExtensions'],
  ['refused: TooManyExtensions, in CommonJS', 'required.handler', refused('Extension.TooManyExtensions'), 'Extension.TooManyExtensions'],
  ['answered 500', 'registered.handler', refused(500), '(500)'],
  ['answered 500, in CommonJS', 'required.handler', refused(500), '(500)'],
  ['reset', 'registered.handler', refused('reset'), 'ECONNRESET'],
  ['reset, in CommonJS', 'required.handler', refused('reset'), 'ECONNRESET'],
  ['never answered', 'registered.handler', refused('hang'), 'not answered within 1000 ms'],
  ['never answered, in CommonJS', 'required.handler', refused('hang'), 'not answered within 1000 ms'],
  ['too late, because it was not awaited', 'extension.late', NOTHING, 'Extension.RegistrationClosed'],
  ['missing, though `after-response` is asked for', 'extension.handler', { env: { FLUSH: 'after-response' } }, "import 'flushed/lambda/register'"],
]

describe.each(runtimes)('on $title, a registration that is', { concurrent: true }, ({ startFunction }) => {
  test.for(refusals)('%s: one warning is logged, and the flush comes before the response', async ([, handler, setup, reason]) => {
    await using lambda = await startFunction(handler, { ...setup, behavior: { delayMs: 100 } })
    expect(lambda.sandbox.initError).toBeUndefined()
    for (let id = 0; id < 3; id++) {
      const { result, freeze } = await lambda.invoke({ id })
      expect(result.payload).toEqual({ id })
      expect(result.responseMs).toBeGreaterThanOrEqual(95)
      expect(freeze.spans).toHaveLength(2)
    }
    expect(warnings(lambda)).toEqual([expect.stringContaining(reason)])
    expect(warnings(lambda)[0]).toContain('flushing before it')
    expect(count(lambda, 'extension.next')).toBe(0)
  })
})

describe.each(runtimes)('on $title, an extension', ({ startFunction }) => {
  test.for(['registered.handler', 'required.handler'])('is used even if its registration is answered late: %s', async (handler) => {
    await using lambda = await startFunction(handler, { extensions: { answerAfterMs: 1300 } })
    expect(lambda.sandbox.initError).toBeUndefined()
    for (let id = 0; id < 2; id++) expect((await lambda.invoke({ id })).freeze.spans).toHaveLength(2)
    expectSerial(lambda)
    expect(warnings(lambda)).toEqual([])
  })

  test.for([1, 3])('that loses its connection at `next` %i: one warning, nothing held, from then on flushed before the response', async (resetNext) => {
    await using lambda = await startFunction('registered.handler', { extensions: { resetNext }, timeoutMs: 3000 })
    for (let id = 0; id < 5; id++) {
      const { result, freeze } = await lambda.invoke({ id })
      expect(result).toMatchObject({ payload: { id }, timedOut: false })
      expect(freeze.spans).toHaveLength(2)
    }
    expect(warnings(lambda)).toEqual([expect.stringMatching(/before it: the extension has lost its connection/)])
    expect(lambda.logs().match(/"phase":"after-response"/g) ?? []).toHaveLength(resetNext - 1)
    expect(count(lambda, 'spawn')).toBe(1)
  })
})

test.skipIf(runtime.includes('NOT'))(`on ${runtime}, started by npx: only the function’s process registers, not that of npx`, async () => {
  const prefix = fileURLToPath(new URL('../../runtimes/lambda', import.meta.url))
  await using lambda = await startFunction('extension.handler', {
    runtime: { command: 'npx', args: ['--offline', '--prefix', prefix, 'aws-lambda-ric'] },
    env: { NODE_OPTIONS: '--import flushed/lambda/register' },
  })
  for (let id = 0; id < 3; id++) expect((await lambda.invoke({ id })).freeze.spans).toHaveLength(2)
  expectSerial(lambda)
  expect(warnings(lambda)).toEqual([])
})

describe.each(runtimes)('on $title, an answered registration', ({ startFunction }) => {
  test('logs no warning', async () => {
    await using lambda = await startFunction('registered.handler', { env: { FLUSH: 'after-response' } })
    for (let id = 0; id < 3; id++) await lambda.invoke({ id })
    expect(warnings(lambda)).toEqual([])
  })
})
