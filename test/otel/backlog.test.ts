/** The spans that an outage has left, and how they go out once the backend (a fake exporter) is back. */
import { sdkVersion } from '#sdk'
import { SpanKind } from '@opentelemetry/api'
import { type FlushReport, withTelemetry } from 'flushed'
import type { ExportOutcome } from 'flushed/testing'
import { fakeClock, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { flushLeftovers } from '../../src/core/early.ts'
import { leave } from '../../src/core/finish.ts'
import { resolveOptions } from '../../src/core/options.ts'
import type { Platform } from '../../src/core/platform.ts'
import { wrap } from '../../src/core/with-telemetry.ts'
import { type ReadableSpan, answering, newIsolate, pipeline } from '../support/sdk.ts'

/** A fake platform that leaves the spans of its invocations to the next flush. */
const deferring: Platform = {
  name: 'deferring',
  describe: (_args, parent) => ({ name: 'left', kind: SpanKind.INTERNAL, attributes: {}, links: [], parent }),
  lifetime: () => ({ phase: 'after-response', hold: (_finish, invocation) => leave(invocation) }),
}

const BATCH = 3
const UNAVAILABLE = Object.assign(new Error('HTTP 503'), { code: 503 })
const LEFT = 7

beforeEach(newIsolate)

/** A program after an outage: `LEFT` invocations with one span each, none of which was accepted. */
async function afterOutage() {
  const made = pipeline({ maxBufferSize: BATCH }, 'hold')
  const reports: FlushReport[] = []
  const handler = withTelemetry(async () => {}, { telemetry: made.telemetry, logger: false, onFlush: (report) => reports.push(report) })
  for (let i = 0; i < LEFT; i++) await answering(made.exporter, handler, () => made.exporter.fail(UNAVAILABLE))
  const { exports } = made.exporter
  const outage = exports.map(({ spans }) => spans.length)
  const since = () => exports.slice(LEFT).map(({ spans, state }) => [spans.length, state])
  return { ...made, reports, handler, outage, since }
}

describe(`with SDK ${sdkVersion}, the backlog of an outage`, () => {
  test('is not all sent to a backend that is down: each flush tries one batch, and nothing is lost', async () => {
    const { outage, reports } = await afterOutage()
    expect(outage).toEqual([1, 2, BATCH, BATCH, BATCH, BATCH, BATCH])
    expect(reports.at(-1)).toMatchObject({ outcome: 'failed', spans: { carriedOver: LEFT, failed: 0, pending: 0 } })
  })

  test('goes out once one batch has been accepted, in the same flush', async () => {
    const { exporter, handler, reports, since } = await afterOutage()
    const run = answering(exporter, handler, () => {
      expect(since()).toEqual([[BATCH, 'in_flight']])
      exporter.acknowledge()
    })
    await vi.waitFor(() => expect(exporter.inFlight).toBe(2))
    exporter.acknowledge()
    await run
    expect(since()).toEqual([[BATCH, 'acknowledged'], [BATCH, 'acknowledged'], [2, 'acknowledged']])
    expect(reports.at(-1)).toMatchObject({ outcome: 'delivered', spans: { acknowledged: LEFT + 1, carriedOver: 0, pending: 0 } })
  })

  test('is kept for the next flush if the backend fails again, and arrives once', async () => {
    const { exporter, handler, reports } = await afterOutage()
    const run = answering(exporter, handler, () => exporter.acknowledge())
    await vi.waitFor(() => expect(exporter.inFlight).toBe(2))
    exporter.fail()
    await run
    expect(reports.at(-1)?.spans).toMatchObject({ acknowledged: BATCH, carriedOver: LEFT + 1 - BATCH, failed: 0 })
    exporter.setMode('sync')
    await handler()
    expect(reports.at(-1)).toMatchObject({ outcome: 'delivered', spans: { acknowledged: LEFT + 2 - BATCH } })
    expect(new Set(exporter.spans).size).toBe(exporter.spans.length)
  })

  test('is kept for the next flush if the deadline comes before a batch is accepted, and arrives once', async () => {
    const { exporter, handler, reports } = await afterOutage()
    const clock = fakeClock()
    useClock(clock)
    const exported = exporter.nextExport()
    const run = handler()
    await exported
    await clock.advance(2000)
    await run
    expect(reports.at(-1)).toMatchObject({ outcome: 'timed_out', spans: { pending: BATCH, carriedOver: LEFT + 1 - BATCH, failed: 0 } })
    exporter.acknowledge()
    exporter.setMode('sync')
    await handler()
    expect(reports.at(-1)).toMatchObject({ outcome: 'delivered', spans: { acknowledged: LEFT + 2, carriedOver: 0, pending: 0 } })
    expect(exporter.spans).toHaveLength(LEFT + 2)
  })

  test('goes out all at once with the last flush of a process', async () => {
    const { exporter, since, telemetry } = await afterOutage()
    const config = resolveOptions({ telemetry, logger: false })
    const platform = { name: 'test', describe: () => ({ name: '', kind: 0, attributes: {}, links: [], parent: undefined as never }) }
    const last = flushLeftovers({ config, platform }, 'shutdown')
    expect(since()).toEqual([[BATCH, 'in_flight'], [BATCH, 'in_flight'], [1, 'in_flight']])
    exporter.acknowledge()
    expect(await last).toMatchObject({ outcome: 'delivered', spans: { acknowledged: LEFT } })
  })

  test('goes out before the exporter is shut down, even if a flush is under way with one batch of it', async () => {
    const { exporter, handler, provider, reports } = await afterOutage()
    const exported = exporter.nextExport()
    const run = handler()
    await exported
    const closed = provider.shutdown()
    await new Promise(setImmediate)
    exporter.setMode('microtask')
    exporter.acknowledge()
    await Promise.all([run, closed])
    expect(exporter.spans).toHaveLength(LEFT + 1)
    expect(reports.at(-1)).toMatchObject({ outcome: 'delivered', spans: { acknowledged: LEFT + 1 } })
  })

  test('is accepted by a backend that refuses requests larger than a batch', async () => {
    let down = true
    const accepted: ReadableSpan[] = []
    const exporter = {
      export(spans: ReadableSpan[], callback: (result: ExportOutcome) => void) {
        const code = down ? 503 : spans.length > BATCH ? 413 : undefined
        if (code) return callback({ code: 1, error: Object.assign(new Error(`HTTP ${code}`), { code }) })
        accepted.push(...spans)
        callback({ code: 0 })
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    }
    const { telemetry } = pipeline({ exporter, maxBufferSize: BATCH })
    const handler = withTelemetry(async () => {}, { telemetry, logger: false })
    for (let i = 0; i < LEFT; i++) await handler()
    down = false
    await handler()
    expect(accepted).toHaveLength(LEFT + 1)
  })

  test('goes out before spans merely left for the next flush; if there is no room, the oldest is dropped', async () => {
    const { exporter, telemetry, tracer } = pipeline({ maxBufferSize: 4, maxQueueSize: 4 }, 'hold')
    const reports: FlushReport[] = []
    const handler = withTelemetry(async (...names: string[]) => {
      for (const name of names) tracer.startSpan(name).end()
    }, { telemetry, name: 'root', logger: false, onFlush: (report) => reports.push(report) })
    const config = resolveOptions({ telemetry, name: 'left', logger: false })
    const left = wrap(() => {}, config, deferring)
    await answering(exporter, () => handler('oldest', 'older'), () => {
      void left()
      void left()
      exporter.fail()
    })
    expect(reports).toMatchObject([{ spans: { failed: 1, carriedOver: 2 } }])
    exporter.setMode('sync')
    await handler()
    const names = exporter.exports.slice(1).flatMap(({ spans }) => spans.map(({ name }) => name))
    expect(names).toEqual(['older', 'root', 'left', 'left', 'root'])
  })
})
