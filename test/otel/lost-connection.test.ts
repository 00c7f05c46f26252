/** An export that fails because its connection was lost: a second attempt, in the same flush, on a new connection. */
import { sdkVersion } from '#sdk'
import { withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { type ExportOutcome, fakeClock, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

const gone = (code: string) => Object.assign(new Error('socket hang up'), { code })

function setup() {
  const { exporter, telemetry } = pipeline({}, 'hold')
  const reports: FlushReport[] = []
  const handler = withTelemetry(async () => {}, { telemetry, logger: false, onFlush: (report) => reports.push(report) })
  return { exporter, handler, reports }
}

describe(`with SDK ${sdkVersion}`, () => {
  test('an exporter that takes spans out of its array gets all of them again for the second attempt', async () => {
    const sent: string[][] = []
    const { telemetry, tracer } = pipeline({
      exporter: {
        export(spans: { name: string }[], done: (result: ExportOutcome) => void) {
          sent.push(spans.splice(0).map(({ name }) => name))
          done(sent.length > 1 ? { code: 0 } : { code: 1, error: gone('ECONNRESET') })
        },
        shutdown: async () => {},
      } as never,
    })
    const reports: FlushReport[] = []
    const onFlush = (report: FlushReport) => void reports.push(report)
    await withTelemetry(async () => tracer.startSpan('child').end(), { telemetry, name: 'root', onFlush })()
    expect(sent).toEqual([['child', 'root'], ['child', 'root']])
    expect(reports).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 2 } }])
  })

  test.each([
    ['node:http', gone('ECONNRESET')],
    ['a socket', gone('EPIPE')],
    ['fetch', new TypeError('fetch failed', { cause: gone('UND_ERR_SOCKET') })],
  ])('a lost connection, as %s reports it: the second attempt counts', async (_what, error) => {
    const { exporter, handler, reports } = setup()
    const first = exporter.nextExport()
    const run = handler()
    await first
    exporter.fail(error)
    expect(exporter.inFlight).toBe(1)
    exporter.acknowledge()
    await run
    expect(reports).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 1, failed: 0, carriedOver: 0 }, warnings: [] }])
  })

  test('an exporter that both answers and rejects: only the second attempt counts', async () => {
    const sent: string[] = []
    const { telemetry } = pipeline({
      exporter: {
        async export(_spans, done) {
          const error = sent.push('spans') === 1 ? gone('ECONNRESET') : undefined
          await new Promise(setImmediate)
          done(error ? { code: 1, error } : { code: 0 })
          if (error) throw error
        },
        shutdown: async () => {},
      },
    })
    const reports: FlushReport[] = []
    await withTelemetry(async () => {}, { telemetry, logger: false, onFlush: (report) => reports.push(report) })()
    expect([sent, reports]).toMatchObject([['spans', 'spans'], [{ outcome: 'delivered', spans: { acknowledged: 1 } }]])
  })

  test('an exporter that answers, then throws: only the second attempt counts', async () => {
    const sent: string[] = []
    const { telemetry } = pipeline({
      exporter: {
        export(_spans, done) {
          const error = sent.push('spans') === 1 ? gone('ECONNRESET') : undefined
          if (!error) return void setImmediate(done, { code: 0 })
          done({ code: 1, error })
          throw error
        },
        shutdown: async () => {},
      },
    })
    const reports: FlushReport[] = []
    await withTelemetry(async () => {}, { telemetry, logger: false, onFlush: (report) => reports.push(report) })()
    expect([sent, reports]).toMatchObject([['spans', 'spans'], [{ outcome: 'delivered', spans: { acknowledged: 1 } }]])
  })

  test('a second loss is a failure: the spans are kept for the next flush', async () => {
    const { exporter, handler, reports } = setup()
    const first = exporter.nextExport()
    const run = handler()
    await first
    exporter.fail(gone('ECONNRESET'))
    exporter.fail(gone('ECONNRESET'))
    await run
    expect(exporter.exports).toHaveLength(2)
    expect(reports).toMatchObject([{ outcome: 'failed', spans: { acknowledged: 0, carriedOver: 1 } }])
  })

  test.each([gone('ECONNREFUSED'), new Error('no'), undefined])('any other failure is not tried again in the same flush: %s', async (error) => {
    const { exporter, handler } = setup()
    const first = exporter.nextExport()
    const run = handler()
    await first
    exporter.fail(error)
    await run
    expect(exporter.exports).toHaveLength(1)
  })

  test('spans that a later flush has sent again are not sent a third time', async () => {
    const clock = fakeClock()
    useClock(clock)
    const { exporter, handler } = setup()
    const first = exporter.nextExport()
    const run = handler()
    await first
    await clock.advance(2000)
    await run
    const second = exporter.nextExport()
    const again = handler()
    await second
    exporter.fail(gone('ECONNRESET'), 1)
    expect(exporter.inFlight).toBe(1)
    exporter.acknowledge()
    await again
    expect(exporter.exports.map(({ spans }) => spans.length)).toEqual([1, 2])
  })
})
