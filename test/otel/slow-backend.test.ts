/** A backend (a fake exporter) that answers, but takes longer than flushes do: concurrent invocations, whose exports overlap. */
import { sdkVersion } from '#sdk'
import { type FlushReport, type TelemetryOptions, withTelemetry } from 'flushed'
import { otel } from 'flushed/otel'
import { fakeClock, inMemoryExporter, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { type ReadableSpan, newIsolate, pipeline } from '../support/sdk.ts'

const TIMEOUT_MS = 100

let clock = fakeClock()
beforeEach(() => {
  newIsolate()
  useClock((clock = fakeClock()))
})

type Exporting = Pick<ReturnType<typeof pipeline>, 'exporter'>

/** Starts invocations whose handlers return at once. `call` resolves when the export has been made. */
function caller({ exporter }: Exporting, options: TelemetryOptions, work = () => {}) {
  const reports: FlushReport[] = []
  const onFlush = (report: FlushReport) => void reports.push(report)
  async function call(name: string) {
    const exported = exporter.nextExport()
    const over = withTelemetry(async () => work(), { ...options, name, timeoutMs: TIMEOUT_MS, logger: false, onFlush })()
    await exported
    return { over }
  }
  return { call, reports }
}

describe(`with SDK ${sdkVersion}, an export that was not answered during its own flush`, () => {
  /** An invocation that times out. If `alive`, another one's export has been accepted since its own was sent. */
  async function late(alive: boolean) {
    const its = pipeline({}, 'hold')
    const { call, reports } = caller(its, { telemetry: its.telemetry })
    await clock.advance(10)
    const before = await call('before')
    await clock.advance(10)
    const slow = await call('slow')
    await clock.advance(10)
    if (alive) its.exporter.acknowledge(1)
    await clock.advance(TIMEOUT_MS)
    await Promise.all([before.over, slow.over])
    reports.length = 0
    const sent = () => its.exporter.exports.map(({ spans }) => spans.map(({ name }) => name))
    return { ...its, call, reports, sent }
  }

  test('is not sent again while the backend accepts others, and counts once it is answered', async () => {
    const { call, exporter, reports, sent } = await late(true)
    const next = await call('next')
    expect(sent()).toEqual([['before'], ['slow'], ['next']])
    exporter.acknowledge()
    await next.over
    expect(reports).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 2, pending: 0 } }])
  })

  test('is sent again with the next flush if no other was accepted since', async () => {
    const { call, exporter, sent } = await late(false)
    const next = await call('next')
    expect(sent().at(-1)).toEqual(['before', 'slow', 'next'])
    exporter.acknowledge()
    await next.over
  })

  test('is sent again once it has been under way for longer than any answer takes', async () => {
    const { call, exporter, sent } = await late(true)
    await clock.advance(30_000)
    const next = await call('next')
    expect(sent().at(-1)).toEqual(['slow', 'next'])
    exporter.acknowledge()
    await next.over
  })

  test('is sent again with the next flush after it was refused', async () => {
    const { call, exporter, sent } = await late(true)
    const next = await call('next')
    exporter.fail(undefined, 1)
    exporter.acknowledge()
    await next.over
    const last = await call('last')
    expect(sent().at(-1)).toEqual(['slow', 'last'])
    exporter.acknowledge()
    await last.over
  })

  test('is waited for by `shutdown()`', async () => {
    const { exporter, provider, sent } = await late(true)
    const over = provider.shutdown()
    exporter.acknowledge()
    await over
    expect(sent()).toEqual([['before'], ['slow']])
  })
})

describe(`with SDK ${sdkVersion}, a flush of exports that all invocations share`, () => {
  async function overlap(its: Exporting, options: TelemetryOptions, work?: () => void) {
    const { call, reports } = caller(its, options, work)
    const first = await call('first')
    const second = await call('second')
    its.exporter.acknowledge(1)
    await first.over
    expect(its.exporter.inFlight).toBe(1)
    expect(reports).toMatchObject([{ outcome: 'delivered', spans: { pending: 0 } }])
    its.exporter.acknowledge()
    await second.over
  }

  test('waits only for exports made before it began: the provider, for a wrap without options', () => overlap(pipeline({}, 'hold'), {}))

  /** A tracked exporter that the test calls itself, and the reports of the invocations that wait for it. */
  function tracking() {
    const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
    const telemetry = otel({ tracerProvider: false })
    const tracked = telemetry.track(exporter)
    const { tracer } = pipeline()
    const reports: FlushReport[] = []
    const invoke = (timeoutMs: number, handler: () => Promise<void>) =>
      withTelemetry(handler, { telemetry, timeoutMs, logger: false, onFlush: (report) => void reports.push(report) })()
    const batch: unknown[] = []
    const send = async () => tracked.export(batch.splice(0) as never, () => {})
    return { exporter, tracer, reports, invoke, batch, send }
  }

  test('waits for an export with its own spans, even if another flush gave that up: a tracked exporter', async () => {
    const { exporter, tracer, reports, invoke, batch, send } = tracking()
    let go = () => {}
    const patient = invoke(3000, async () => {
      batch.push(tracer.startSpan('mine'))
      await new Promise<void>((resolve) => (go = resolve))
    })
    const impatient = invoke(300, send)
    await clock.advance(300)
    await impatient
    go()
    await clock.advance(1000)
    exporter.acknowledge()
    await patient
    expect(reports).toMatchObject([{ outcome: 'timed_out', spans: { pending: 1 } }, { outcome: 'delivered', spans: { acknowledged: 1, pending: 0 } }])
  })

  test('does not wait for an export that an earlier flush reported as pending: a tracked exporter', async () => {
    const { exporter, tracer, reports, invoke, batch, send } = tracking()
    const handler = () =>
      invoke(2000, async () => {
        batch.push(tracer.startSpan('work'))
        await send()
      })
    const first = handler()
    await clock.advance(2000)
    await first
    exporter.setMode('sync')
    await handler()
    exporter.acknowledge()
    await handler()
    expect(reports.map(({ outcome, spans }) => [outcome, spans.pending, spans.acknowledged])).toEqual([
      ['timed_out', 1, 0],
      ['delivered', 0, 1],
      ['delivered', 0, 2],
    ])
  })

  test('waits only for exports made before it began: a tracked exporter', async () => {
    const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
    const telemetry = otel({ tracerProvider: false })
    const tracked = telemetry.track(exporter)
    const { tracer } = pipeline()
    await overlap({ exporter }, { telemetry }, () => tracked.export([tracer.startSpan('work') as never], () => {}))
  })
})
