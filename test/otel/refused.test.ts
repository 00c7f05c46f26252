/** Spans that an exporter or a backend cannot accept: others do not suffer, and an outage is not mistaken for such spans. */
import { sdkVersion } from '#sdk'
import { type FlushReport, withTelemetry } from 'flushed'
import { type ExportOutcome, startCollector } from 'flushed/testing'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

const coded = (code: number | string) => Object.assign(new Error(`answered ${code}`), { code })

/** What an exporter answers, or throws. */
type Answer = (() => never) | Error | null | undefined

const throwing = () => {
  throw new TypeError('spans cannot be encoded')
}

const failingToFetch = () => {
  throw new TypeError('fetch failed', { cause: coded('ECONNREFUSED') })
}

/** Invocations of one span each, one after another, and a fake exporter that answers by the names of the spans it is given. */
function setup(answer: (names: string[]) => Answer) {
  const sent: string[][] = []
  const accepted: string[] = []
  const reports: FlushReport[] = []
  const { telemetry } = pipeline({
    exporter: {
      export(spans: readonly { name: string }[], done: (result: ExportOutcome) => void) {
        const names = spans.map(({ name }) => name)
        sent.push(names)
        const given = answer(names)
        if (typeof given === 'function') given()
        else if (given === undefined) accepted.push(...names)
        done(given === undefined ? { code: 0 } : { code: 1, ...(given && { error: given as Error }) })
      },
      shutdown: async () => {},
    } as never,
  })
  const invoke = async (name: string) => {
    await withTelemetry(async () => {}, { telemetry, name, logger: false, onFlush: (report) => reports.push(report) })()
    return reports.at(-1)
  }
  return { invoke, sent, accepted, reports }
}

describe(`with SDK ${sdkVersion}`, () => {
  describe.each<[string, Answer]>([
    ['that the exporter throws for', throwing],
    ['that are answered by 400', coded(400)],
    ['that are answered by 413', coded(413)],
    ['that are answered by 500', coded(500)],
    ['that are answered by 501', coded(501)],
    ['that are answered by gRPC’s INVALID_ARGUMENT', coded(3)],
    ['that are too large for gRPC', Object.assign(new Error('Received message larger than max (5242923 vs 4194304)'), { code: 8 })],
  ])('spans %s', (_what, answer) => {
    test('are sent once more, by themselves, and then given up; no other spans wait for them', async () => {
      const { invoke, sent, accepted } = setup((names) => (names.includes('bad') ? answer : undefined))
      expect(await invoke('bad')).toMatchObject({ outcome: 'failed', spans: { carriedOver: 1, failed: 0 } })
      expect(await invoke('good 1')).toMatchObject({ outcome: 'partial', spans: { acknowledged: 1, failed: 1 } })
      expect(await invoke('good 2')).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 1, failed: 0 }, warnings: [] })
      expect(sent).toEqual([['bad'], ['good 1'], ['bad'], ['good 2']])
      expect(accepted).toEqual(['good 1', 'good 2'])
    })
  })

  // Answers that a backend may give because of a passing problem.
  test.each<[string, Answer]>([
    ['throws', throwing],
    ['answers 500', coded(500)],
    ['answers gRPC’s INTERNAL', coded(13)],
    ['answers 503', coded(503)],
    ['refuses connections', coded('ECONNREFUSED')],
  ])('an exporter that %s for a while loses no spans, since it accepts no others either', async (_what, answer) => {
    let down = true
    const { invoke, accepted, reports } = setup(() => (down ? answer : undefined))
    for (let id = 1; id < 6; id++) await invoke(`outage ${id}`)
    down = false
    await invoke('well')
    expect(accepted.toSorted()).toEqual(['outage 1', 'outage 2', 'outage 3', 'outage 4', 'outage 5', 'well'])
    expect(reports.map(({ spans }) => spans.failed)).toEqual([0, 0, 0, 0, 0, 0])
  })

  test('an export sent before an outage and accepted during it says nothing about spans refused since', async () => {
    const answers: Record<string, (result: ExportOutcome) => void> = {}
    const reports: FlushReport[] = []
    const { telemetry } = pipeline({
      exporter: {
        export: (spans: readonly { name: string }[], done: (result: ExportOutcome) => void) => void (answers[spans.map(({ name }) => name).join()] = done),
        shutdown: async () => {},
      } as never,
    })
    const invoke = async (name: string) => {
      const over = withTelemetry(async () => {}, { telemetry, name, logger: false, onFlush: (report) => reports.push(report) })()
      await new Promise(setImmediate)
      return { over }
    }
    const down: ExportOutcome = { code: 1, error: coded(500) }
    const [before, refused] = [await invoke('before'), await invoke('refused')]
    answers['refused']?.(down)
    await refused.over
    answers['before']?.({ code: 0 })
    await before.over
    const during = await invoke('during')
    answers['refused']?.(down)
    answers['during']?.(down)
    await during.over
    expect(reports.map(({ spans }) => [spans.acknowledged, spans.failed, spans.carriedOver])).toEqual([
      [0, 0, 1],
      [1, 0, 0],
      [0, 0, 2],
    ])
  })

  test.each<[unknown, Answer]>([
    ...[429, 503, 'ECONNREFUSED', 8, 14].map((code): [unknown, Answer] => [code, coded(code)]),
    ['a thrown connection error', failingToFetch],
  ])('spans that are answered by %s now and then are kept for as long as there is room', async (_what, answer) => {
    const { invoke, accepted, reports } = setup((names) => (names.includes('unlucky') && sentBefore++ < 5 ? answer : undefined))
    let sentBefore = 0
    await invoke('unlucky')
    for (let id = 1; id < 6; id++) await invoke(`lucky ${id}`)
    expect(accepted).toContain('unlucky')
    expect(reports.map(({ spans }) => spans.failed)).toEqual([0, 0, 0, 0, 0, 0])
  })

  describe.each<[string, Answer]>([
    ['an error that says nothing', new Error('in vain')],
    ['no error at all', null],
  ])('spans that an exporter refuses with %s', (_what, answer) => {
    test('go by themselves after five refusals, so that the rest arrives, and are given up when twenty others have', async () => {
      const { invoke, sent, accepted, reports } = setup((names) => (names.includes('bad') ? answer : undefined))
      await invoke('bad')
      for (let id = 1; id < 40; id++) await invoke(`good ${id}`)
      expect(sent.slice(4, 7)).toEqual([['bad', 'good 1', 'good 2', 'good 3', 'good 4'], ['good 1', 'good 2', 'good 3', 'good 4', 'good 5'], ['bad']])
      expect(accepted).toEqual(Array.from({ length: 39 }, (_, id) => `good ${id + 1}`))
      expect(sent.filter((names) => names.join() === 'bad')).toHaveLength(1 + 20)
      expect(reports.reduce((sum, { spans }) => sum + spans.failed, 0)).toBe(1)
      expect(reports.at(-1)).toMatchObject({ outcome: 'delivered', warnings: [] })
    })

    test('are not lost in an outage, nor in a second one', async () => {
      let down = true
      let refusals = 0
      const { invoke, accepted, reports } = setup((names) => (down || (names.includes('0') && ++refusals < 15) ? answer : undefined))
      for (let id = 0; id < 60; id++) {
        down = id < 9 || (id > 12 && id < 40)
        await invoke(`${id}`)
      }
      expect(accepted.toSorted()).toEqual(Array.from({ length: 60 }, (_, id) => `${id}`).toSorted())
      expect(reports.reduce((sum, { spans }) => sum + spans.failed, 0)).toBe(0)
    })

    test('are not given up when they are refused for good once, before they have gone by themselves', async () => {
      const { invoke, accepted, sent } = setup(() => [answer, coded(401)][sent.length - 1])
      for (const name of ['first', 'second', 'third']) await invoke(name)
      expect(sent).toEqual([['first'], ['first', 'second'], ['third'], ['first', 'second']])
      expect(accepted).toHaveLength(3)
    })
  })

  test.each(['Request timed out', 'Export failed with retryable status', 'Concurrent export limit reached'])(
    '“%s”, an error of OpenTelemetry’s exporters, is not taken for a refusal of the spans',
    async (message) => {
      const { invoke, sent } = setup((names) => (names.includes('slow') ? new Error(message) : undefined))
      await invoke('slow')
      for (let id = 1; id < 40; id++) await invoke(`${id}`)
      expect(sent).toHaveLength(40)
      expect(sent.every((names) => names.includes('slow'))).toBe(true)
    },
  )

  test.each([
    ['Got unexpected status code from zipkin: 400', [['bad'], ['good'], ['bad'], ['better']]],
    ['Fetch request failed with non-retryable status 413', [['bad'], ['good'], ['bad'], ['better']]],
    ['Unexpected status 503', [['bad'], ['bad', 'good'], ['bad', 'good', 'better']]],
    ['429 is the status', [['bad'], ['bad', 'good'], ['bad', 'good', 'better']]],
  ])('the status is read from the words of the error: “%s”', async (message, expected) => {
    const { invoke, sent } = setup((names) => (names.includes('bad') ? new Error(message) : undefined))
    for (const name of ['bad', 'good', 'better']) await invoke(name)
    expect(sent).toEqual(expected)
  })

  test('an outage that answers OpenTelemetry’s exporter with 503 loses no spans, with one request per flush', async () => {
    await using collector = await startCollector({ behavior: { status: 503, retryAfter: 60 } })
    const { telemetry } = pipeline({ exporter: new OTLPTraceExporter({ url: `${collector.url}/v1/traces` }) as never })
    const reports: FlushReport[] = []
    const handler = withTelemetry(async () => {}, { telemetry, name: 'root', logger: false, onFlush: (report) => reports.push(report) })
    for (let id = 0; id < 12; id++) await handler()
    expect(collector.requests).toHaveLength(12)
    collector.behave('ok')
    await handler()
    expect(collector.spans).toHaveLength(13)
    expect(reports.reduce((sum, { spans }) => sum + spans.failed, 0)).toBe(0)
  })

  test('a span link without a context, which OpenTelemetry’s exporter cannot encode, costs only its invocation', async () => {
    await using collector = await startCollector()
    const { telemetry, tracer } = pipeline({ exporter: new OTLPTraceExporter({ url: `${collector.url}/v1/traces` }) as never })
    const handler = withTelemetry(
      async (links: object[]) => tracer.startSpan('consume', { links: links as never }).end(),
      { telemetry, name: 'batch', logger: false },
    )
    await handler([{ context: undefined }])
    for (let id = 0; id < 3; id++) await handler([])
    expect(collector.spans.map(({ name }) => name)).toEqual(Array(3).fill(['consume', 'batch']).flat())
  })
})
