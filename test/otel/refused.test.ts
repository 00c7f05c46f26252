/** Spans that an exporter or a backend cannot take: they spoil nothing for others, and an outage is not taken for them. */
import { sdkVersion } from '#sdk'
import { type FlushReport, withTelemetry } from 'flushed'
import { type ExportOutcome, startCollector } from 'flushed/testing'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

const coded = (code: number | string) => Object.assign(new Error(`answered ${code}`), { code })

/** What an exporter answers, or throws. */
type Answer = (() => never) | Error | undefined

const throwing = () => {
  throw new TypeError('spans cannot be encoded')
}

/** Invocations with children by their names, one after another, and an exporter that answers by the names of what it is given. */
function setup(answer: (names: string[]) => Answer, work: readonly string[] = []) {
  const sent: string[][] = []
  const accepted: string[] = []
  const reports: FlushReport[] = []
  const { telemetry, tracer } = pipeline({
    exporter: {
      export(spans: readonly { name: string }[], done: (result: ExportOutcome) => void) {
        const names = spans.map(({ name }) => name)
        sent.push(names)
        const given = answer(names)
        if (typeof given === 'function') given()
        else if (!given) accepted.push(...names)
        done(given ? { code: 1, error: given as Error } : { code: 0 })
      },
      shutdown: async () => {},
    } as never,
  })
  const invoke = async (name: string, children = work) => {
    const handler = async () => children.forEach((child) => tracer.startSpan(child).end())
    await withTelemetry(handler, { telemetry, name, logger: false, onFlush: (report) => reports.push(report) })()
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
    ['that are too large for gRPC', coded(8)],
  ])('spans %s', (_what, answer) => {
    test('are sent once more, by themselves, and given up then; nothing else waits for them', async () => {
      const { invoke, sent, accepted } = setup((names) => (names.includes('bad') ? answer : undefined))
      expect(await invoke('bad')).toMatchObject({ outcome: 'failed', spans: { carriedOver: 1, failed: 0 } })
      expect(await invoke('good 1')).toMatchObject({ outcome: 'partial', spans: { acknowledged: 1, failed: 1 } })
      expect(await invoke('good 2')).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 1, failed: 0 }, warnings: [] })
      expect(sent).toEqual([['bad'], ['good 1'], ['bad'], ['good 2']])
      expect(accepted).toEqual(['good 1', 'good 2'])
    })
  })

  test('what was refused along with such a span is accepted, when it is sent in pieces', async () => {
    const { invoke, accepted, reports } = setup((names) => (names.includes('bad') ? coded(400) : undefined), ['1', 'bad', '2', '3'])
    await invoke('first')
    await invoke('second', [])
    expect(accepted).toEqual(['second', '1', '2', '3', 'first'])
    expect(reports).toMatchObject([{ spans: { carriedOver: 5 } }, { outcome: 'partial', spans: { acknowledged: 5, failed: 1 } }])
  })

  // Those that a backend may give for a moment's sake.
  test.each<[string, Answer]>([
    ['throws', throwing],
    ['answers 500', coded(500)],
    ['answers gRPC’s INTERNAL', coded(13)],
    ['answers 503', coded(503)],
    ['refuses connections', coded('ECONNREFUSED')],
  ])('an exporter that %s for a while loses none, since nothing else is accepted either', async (_what, answer) => {
    let down = true
    const { invoke, accepted, reports } = setup(() => (down ? answer : undefined))
    for (let id = 1; id < 6; id++) await invoke(`outage ${id}`)
    down = false
    await invoke('well')
    expect(accepted.toSorted()).toEqual(['outage 1', 'outage 2', 'outage 3', 'outage 4', 'outage 5', 'well'])
    expect(reports.map(({ spans }) => spans.failed)).toEqual([0, 0, 0, 0, 0, 0])
  })

  test.each([429, 503, 'ECONNREFUSED', 14])('what was answered by %s now and then is kept for as long as there is room', async (code) => {
    const { invoke, accepted, reports } = setup((names) => (names.includes('unlucky') && sentBefore++ < 5 ? coded(code) : undefined))
    let sentBefore = 0
    await invoke('unlucky')
    for (let id = 1; id < 6; id++) await invoke(`lucky ${id}`)
    expect(accepted).toContain('unlucky')
    expect(reports.map(({ spans }) => spans.failed)).toEqual([0, 0, 0, 0, 0, 0])
  })

  test('a link to nothing, which OpenTelemetry’s exporter cannot encode, costs that span, and no other', async () => {
    await using collector = await startCollector()
    const { telemetry, tracer } = pipeline({ exporter: new OTLPTraceExporter({ url: `${collector.url}/v1/traces` }) as never })
    const handler = withTelemetry(
      async (links: object[]) => tracer.startSpan('consume', { links: links as never }).end(),
      { telemetry, name: 'batch', logger: false },
    )
    await handler([{ context: undefined }])
    for (let id = 0; id < 3; id++) await handler([])
    expect(collector.spans.map(({ name }) => name).toSorted()).toEqual([...Array(4).fill('batch'), ...Array(3).fill('consume')])
  })
})
