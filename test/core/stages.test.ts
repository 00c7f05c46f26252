/** `stages`: what can be flushed, how each kind is flushed, and in what order. */
import { stages, withTelemetry } from 'flushed'
import type { FlushContext, FlushReport, Telemetry } from 'flushed'
import { otel } from 'flushed/otel'
import { fakeClock, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

async function flushed(telemetry: Telemetry): Promise<FlushReport> {
  let report: FlushReport | undefined
  await withTelemetry(async () => {}, { telemetry, timeoutMs: 1000, onFlush: (told) => (report = told), logger: false })()
  return report as FlushReport
}

const outcomes = ({ stages }: FlushReport) => stages.map(({ outcome }) => outcome)

/** What a caller without types might pass. */
const passed = (...args: unknown[]) => () => stages(...(args as [() => void]))

const NO_WAY =
  'option `telemetry` must be a flush function, or an object with `forceFlush` or `flushAsync` or ' +
  '`awaitPendingTraceBatches` or `flush` or `settled`, got '

describe('order', () => {
  test('is that of the arguments; flushables in one array are flushed at the same time', async () => {
    const happened: string[] = []
    const flush = (name: string, turns: number) => async () => {
      happened.push(`${name} begins`)
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
      happened.push(`${name} ends`)
    }
    await flushed(stages([flush('tracer', 3), flush('metrics', 1)], flush('exporter', 1), flush('network', 0)))
    expect(happened).toEqual([
      'tracer begins',
      'metrics begins',
      'metrics ends',
      'tracer ends',
      'exporter begins',
      'exporter ends',
      'network begins',
      'network ends',
    ])
  })

  test('is kept when a stage fails: the stages after it are still flushed', async () => {
    const last = vi.fn()
    const report = await flushed(stages(() => Promise.reject(new Error('full')), last))
    expect(last).toHaveBeenCalledOnce()
    expect(report.outcome).toBe('partial')
    expect(report.warnings).toEqual(['stage "stage 1": flush failed: full'])
  })
})

test('stages have no `ended`, since one telemetry of several that was shut down is not all of them', async () => {
  newIsolate()
  const { telemetry } = pipeline()
  expect(telemetry.ended).toBeDefined()
  expect(stages(telemetry, { forceFlush: async () => {} }).ended).toBeUndefined()
})

describe('a flushable is flushed by its own method', () => {
  class Sdk {
    readonly calls: unknown[][] = []
    protected called(...args: unknown[]) {
      this.calls.push(args)
    }
  }

  test.each(['forceFlush', 'flushAsync', 'awaitPendingTraceBatches', 'settled'])('%s(), called without arguments', async (way) => {
    class Vendor extends Sdk {
      async [way](...args: unknown[]) {
        this.called(...args)
      }
    }
    const vendor = new Vendor()
    const report = await flushed(stages(vendor as never))
    expect(vendor.calls).toEqual([[]])
    expect(report.outcome).toBe('delivered')
  })

  test('flush(timeoutMs), called with the milliseconds left; `false` means that time ran out', async () => {
    useClock(fakeClock())
    class Vendor extends Sdk {
      async flush(timeoutMs?: number) {
        this.called(timeoutMs)
        return false
      }
    }
    const vendor = new Vendor()
    const report = await flushed(stages(vendor))
    expect(vendor.calls).toEqual([[1000]])
    expect(report.stages[0]).toMatchObject({ outcome: 'timed_out' })
    expect(report.warnings).toEqual(['stage "stage 1": Vendor timed out after 0 ms'])
  })

  test('flush() that returns an object with a `promise`, like Amplitude’s: waits for that promise', async () => {
    let answer: (() => void) | undefined
    const vendor = { flush: () => ({ promise: new Promise<void>((resolve) => (answer = resolve)) }) }
    const over = vi.fn()
    const run = flushed(stages(vendor)).finally(over)
    await vi.waitFor(() => expect(answer).toBeDefined())
    await new Promise(setImmediate)
    expect(over).not.toHaveBeenCalled()
    answer?.()
    expect((await run).outcome).toBe('delivered')
  })

  test.each(['isLevelEnabled', 'flushSync'])('flush(callback), if there is also `%s`: waits for the callback', async (mark) => {
    let answer: ((error?: Error) => void) | undefined
    class Logger {
      [mark]() {}
      flush(callback?: (error?: Error) => void) {
        if (typeof callback !== 'function') throw new Error('callback must be a function')
        answer = callback
      }
    }
    const over = vi.fn()
    const run = flushed(stages(new Logger())).finally(over)
    await vi.waitFor(() => expect(answer).toBeDefined())
    await new Promise(setImmediate)
    expect(over).not.toHaveBeenCalled()
    answer?.()
    expect((await run).outcome).toBe('delivered')
  })

  test('flush(callback) has failed if it calls back with an error', async () => {
    const destination = { flushSync() {}, flush: (callback?: (error?: Error) => void) => callback?.(new Error('disk full')) }
    const report = await flushed(stages(destination))
    expect(report.outcome).toBe('failed')
    expect(report.warnings).toEqual(['stage "stage 1": Object failed: disk full'])
  })

  test('a function, called with the time left and a signal', async () => {
    useClock(fakeClock())
    const flush = vi.fn<(context: FlushContext) => void>()
    await flushed(stages(flush))
    expect(flush.mock.calls[0]?.[0].timeoutMs).toBe(1000)
    expect(flush.mock.calls[0]?.[0].signal.aborted).toBe(false)
  })

  test('a function that has such a method is not called itself', async () => {
    const flush = vi.fn(async () => {})
    const drain = Object.assign(vi.fn((_event: { id: number }) => {}), { flush })
    await flushed(stages(drain))
    expect(drain).not.toHaveBeenCalled()
    expect(flush).toHaveBeenCalledOnce()
  })

  test('an object without a prototype, such as a module, is flushed too', async () => {
    const flush = vi.fn(async () => true)
    const report = await flushed(stages(Object.assign(Object.create(null) as object, { flush })))
    expect(report.outcome).toBe('delivered')
    expect(flush).toHaveBeenCalledOnce()
  })

  test.each([
    [['flush', 'flushAsync'], 'flushAsync'],
    [['flush', 'forceFlush'], 'forceFlush'],
    [['flush', 'awaitPendingTraceBatches'], 'awaitPendingTraceBatches'],
    [['settled', 'flush'], 'flush'],
  ])('of %j, by `%s`', async (ways, best) => {
    const called: string[] = []
    const vendor = Object.fromEntries(ways.map((way) => [way, async () => void called.push(way)]))
    await flushed(stages(vendor as never))
    expect(called).toEqual([best])
  })
})

describe('`cascade: false`', () => {
  test('flushes only the first stage, and reports the others as `nothing_to_send`', async () => {
    const [first, second, third] = [vi.fn(), vi.fn(), vi.fn()]
    const report = await flushed(stages(first, second, [third], { cascade: false }))
    expect([first, second, third].map(({ mock }) => mock.calls.length)).toEqual([1, 0, 0])
    expect(outcomes(report)).toEqual(['delivered', 'nothing_to_send', 'nothing_to_send'])
  })

  test('requires `otel()` to be the first stage: behind another, its spans would never be sent', () => {
    const { telemetry } = pipeline()
    expect(() => stages(() => {}, telemetry, { cascade: false })).toThrow(TypeError)
    expect(() => stages(() => {}, telemetry, { cascade: false })).toThrow('with `cascade: false`, `otel()` has to be the first stage')
    expect(() => stages(telemetry, () => {}, { cascade: false })).not.toThrow()
    // Without an exporter, `otel()` only watches the exports of a batch processor.
    expect(() => stages(() => {}, otel(), { cascade: false })).not.toThrow()
  })

  test('`cascade: true` is the same as no option', async () => {
    const last = vi.fn()
    await flushed(stages(() => {}, last, { cascade: true }))
    expect(last).toHaveBeenCalledOnce()
  })
})

describe('bad arguments are a TypeError', () => {
  test.each([
    [[[]], '`telemetry` must be at least one flushable, got [[]]'],
    [[], 'at least one flushable, got []'],
    [[{ cascade: false }], 'at least one flushable, got []'],
    [[undefined], `${NO_WAY}undefined`],
    [[null], `${NO_WAY}null`],
    [['tracer'], `${NO_WAY}"tracer"`],
    [[() => {}, { export: 1 }], `${NO_WAY}{"export":1}`],
    [[[() => {}, 5]], `${NO_WAY}5`],
    [[() => {}, { cascad: false }], `${NO_WAY}{"cascad":false}`],
    [[() => {}, { cascade: 'no' }], 'option `cascade` must be a boolean, got "no"'],
    [[() => {}, { cascade: false, timeoutMs: 5 }], 'unknown option `timeoutMs`; the options are `cascade`'],
    [[{ flush: true }], `${NO_WAY}{"flush":true}`],
  ])('stages(...%j)', (args, message) => {
    expect(passed(...args)).toThrow(TypeError)
    expect(passed(...args)).toThrow(message)
  })
})
