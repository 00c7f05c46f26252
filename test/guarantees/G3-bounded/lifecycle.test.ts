/** G3 Bounded, against the lifecycle, on a fake clock that only the test moves. */
import { waitUntil, withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { withTelemetry as withEdgeTelemetry } from 'flushed/edge'
import { withTelemetry as withLambdaTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'
import { fakeClock, inMemoryExporter, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'

let clock = fakeClock()

beforeEach(() => {
  newIsolate()
  useClock((clock = fakeClock()))
})

const hang = () => new Promise<never>(() => {})
const after = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms))

/** How many milliseconds of the fake clock an invocation takes. */
async function duration(run: Promise<unknown>): Promise<number> {
  let over = false
  const settled = run.then(() => (over = true))
  const start = clock.now()
  // On Lambda, the first flush after an idle time starts some turns of the event loop later: see thaw.ts.
  for (let n = 0; n < 4; n++) await new Promise((resolve) => setImmediate(resolve))
  for (await clock.tick(); !over; await clock.advance(50)) {
    if (clock.now() - start > 60_000) throw new Error('still running after a minute')
  }
  await settled
  return clock.now() - start
}

describe('a collector that never answers', () => {
  test('costs `timeoutMs`, and the caller gets the result', async () => {
    const { telemetry } = pipeline({}, 'hold')
    const run = withTelemetry(async () => 'result', { telemetry, timeoutMs: 700, logger: false })()
    expect(await duration(run)).toBe(700)
    expect(await run).toBe('result')
  })

  test('costs 2,000 ms by default', async () => {
    const { telemetry } = pipeline({}, 'hold')
    expect(await duration(withTelemetry(async () => {}, { telemetry, logger: false })())).toBe(2000)
  })

  test('costs the remaining time less the margin, where that is less than `timeoutMs`', async () => {
    const { telemetry } = pipeline({}, 'hold')
    const handler = withLambdaTelemetry(async (_event: object, _context: object) => {}, { telemetry, logger: false })
    expect(await duration(handler({}, { getRemainingTimeInMillis: () => 650 }))).toBe(600)
  })

  test.each([0, null, -1])('costs `timeoutMs` when a test’s own context says that %s ms remain as the invocation begins', async (left) => {
    const { telemetry } = pipeline({}, 'hold')
    const handler = withLambdaTelemetry(async (_event: object, _context: object) => {}, { telemetry, logger: false })
    expect(await duration(handler({}, { getRemainingTimeInMillis: () => left }))).toBe(2000)
  })

  test('costs nothing when the handler has used up the remaining time', async () => {
    const { telemetry } = pipeline({}, 'hold')
    let left = 650
    const handler = withLambdaTelemetry(async (_event: object, _context: object) => void (left = 0), { telemetry, logger: false })
    expect(await duration(handler({}, { getRemainingTimeInMillis: () => left }))).toBe(0)
  })

  test('costs nothing when less than the margin remains, and the exporter still gets the spans', async () => {
    const { exporter, telemetry } = pipeline({}, 'hold')
    const handler = withLambdaTelemetry(async (_event: object, _context: object) => {}, { telemetry, logger: false })
    expect(await duration(handler({}, { getRemainingTimeInMillis: () => 20 }))).toBe(0)
    expect(exporter.inFlight).toBe(1)
  })

  test('leaves no timer behind', async () => {
    const { exporter, telemetry } = pipeline({ flushIntervalMs: false })
    exporter.hold()
    await duration(withTelemetry(async () => {}, { telemetry, logger: false })())
    expect(clock.pending).toBe(0)
  })
})

describe('one deadline', () => {
  test('covers all stages together', async () => {
    const telemetry = [hang, hang, hang]
    expect(await duration(withTelemetry(async () => {}, { telemetry, timeoutMs: 1000, logger: false })())).toBe(1000)
  })

  test('gives background work only what is not reserved for the network', async () => {
    const { exporter, telemetry } = pipeline()
    let report: FlushReport | undefined
    const handler = withTelemetry(async () => waitUntil(hang()), { telemetry, onFlush: (r) => (report = r), logger: false })
    expect(await duration(handler())).toBe(1000)
    expect(exporter.spans).toHaveLength(1)
    expect(report?.warnings).toContain('background work was not over in time')
  })

  test('covers background work and the flush together, if the response waits for both', async () => {
    const told: number[] = []
    const reports: FlushReport[] = []
    const telemetry = ({ timeoutMs }: { timeoutMs: number }) => void told.push(timeoutMs)
    const handler = async () => waitUntil(after(300))
    const options = { timeoutMs: 1000, onFlush: (report: FlushReport) => void reports.push(report), logger: false } as const
    await duration(withTelemetry(handler, { telemetry, ...options })())
    // Here there is nothing to flush, and the reported duration is the same.
    await duration(withTelemetry(handler, { telemetry: otel({ exporters: [inMemoryExporter()] }), ...options })())
    expect(told).toEqual([700])
    expect(reports.map(({ durationMs }) => durationMs)).toEqual([300, 300])
  })

  test('covers the flush alone, if the response waits for neither', async () => {
    const told: number[] = []
    const held: Promise<unknown>[] = []
    const telemetry = ({ timeoutMs }: { timeoutMs: number }) => void told.push(timeoutMs)
    const handler = withEdgeTelemetry(async () => waitUntil(after(300)), { telemetry, timeoutMs: 1000, waitUntil: (work) => held.push(work) })
    await handler()
    await duration(Promise.all(held))
    expect(told).toEqual([1000, 1000])
  })

  test('reserves a share for the network, however slow the buffers are', async () => {
    let left = 0
    const network = async ({ timeoutMs }: { timeoutMs: number }) => void (left = timeoutMs)
    await duration(withTelemetry(async () => {}, { telemetry: [hang, network], timeoutMs: 1000, logger: false })())
    expect(left).toBe(500)
  })

  test('lets slow buffers finish after their share is used up, but before the deadline', async () => {
    let report: FlushReport | undefined
    const telemetry = [() => after(700), () => after(300)]
    const handler = withTelemetry(async () => {}, { telemetry, timeoutMs: 1000, onFlush: (r) => (report = r) })
    expect(await duration(handler())).toBe(800)
    expect(report?.outcome).toBe('delivered')
  })

  test('is passed to the flushables, and aborts their signal when it expires', async () => {
    const aborted = vi.fn()
    let told = 0
    const telemetry = ({ timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal }) => {
      told = timeoutMs
      signal.addEventListener('abort', aborted)
      return hang()
    }
    await duration(withTelemetry(async () => {}, { telemetry, timeoutMs: 300, logger: false })())
    expect(told).toBe(300)
    expect(aborted).toHaveBeenCalledOnce()
  })

  test('has aborted the signal even when the signal is first read after it', async () => {
    let signal = () => undefined as AbortSignal | undefined
    const run = withTelemetry(async () => {}, { telemetry: (flush) => ((signal = () => flush.signal), hang()), logger: false })()
    await duration(run)
    expect(signal()?.aborted).toBe(true)
  })

  test.each([2 ** 31, 1e15])('of %i ms is passed to the flushables as a number that timers can count to', async (timeoutMs) => {
    let told = 0
    await withTelemetry(async () => {}, { telemetry: (flush) => void (told = flush.timeoutMs), timeoutMs, logger: false })()
    // SDKs add some milliseconds of their own.
    expect(told + 500).toBeLessThan(2 ** 31)
    expect(told).toBeGreaterThan(2 ** 30)
  })

  test('does not abort the signal of a flush that is in time', async () => {
    let seen: AbortSignal | undefined
    const telemetry = ({ signal }: { signal: AbortSignal }) => void (seen = signal)
    await withTelemetry(async () => {}, { telemetry })()
    expect(seen?.aborted).toBe(false)
  })
})

test('a flush that has nothing to wait for sets no timer', async () => {
  const { telemetry } = pipeline({ flushIntervalMs: false }, 'sync')
  const setTimeout = vi.spyOn(clock, 'setTimeout')
  await withTelemetry(async () => {}, { telemetry })()
  expect(setTimeout).not.toHaveBeenCalled()
})
