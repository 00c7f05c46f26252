/** Specifies what `@Flushed()` does with Lambda's context (a fake) among the arguments, and with a registered extension. */
import { SpanKind } from '@opentelemetry/api'
import type { FlushReport } from 'flushed'
import { Flushed, type FlushedOptions } from 'flushed/decorators'
import { withTelemetry as workers } from 'flushed/workers'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { shared } from '../../src/server/extension.ts'
import { answering, newIsolate, pipeline } from '../support/sdk.ts'
import { onLambda } from './support.ts'

beforeEach(newIsolate)

describe('Lambda’s context', () => {
  const start = (leftMs: number, mode: 'microtask' | 'hold' = 'microtask', flush: FlushedOptions['flush'] = 'auto') => {
    const reports: FlushReport[] = []
    const { exporter, telemetry } = pipeline({}, mode)
    class Orders {
      @Flushed({ telemetry, flush, logger: false, onFlush: (report) => reports.push(report) }) async create(_event: unknown, _context: unknown) {
        return { statusCode: 201 }
      }
    }
    return { run: () => new Orders().create({}, onLambda(leftMs)), reports, exporter }
  }

  test('gives the root span its request id, and bounds the flush by the time left', async () => {
    const { run, reports, exporter } = start(80, 'hold')
    expect(await run()).toEqual({ statusCode: 201 })
    expect(reports).toMatchObject([{ outcome: 'timed_out', phase: 'before-response' }])
    expect(reports[0]?.durationMs).toBeLessThan(1000)
    exporter.acknowledge()
    expect(exporter.spans[0]).toMatchObject({ kind: SpanKind.SERVER, attributes: { 'faas.invocation_id': 'r-1' } })
  })

  test('leaves nothing to say in the log where no extension is registered', async () => {
    const warn = vi.fn()
    const { telemetry } = pipeline()
    class Orders {
      @Flushed({ telemetry, logger: { warn } }) async create(_event: unknown, _context: unknown) {}
    }
    await new Orders().create({}, onLambda(5000))
    expect(warn).not.toHaveBeenCalled()
  })

  test.each([NaN, 0])('that reports %s as the time left does not bound the flush', async (left) => {
    const { run, reports, exporter } = start(left, 'hold')
    await answering(exporter, run, () => setTimeout(() => exporter.acknowledge(), 50))
    expect(reports).toMatchObject([{ outcome: 'delivered' }])
  })

  describe('with a registered extension', () => {
    const calls: unknown[] = []
    let finish: (() => unknown) | undefined
    let holds = true
    beforeEach(() => {
      calls.length = 0
      shared.extension = {
        events: 'invoke',
        begun: (id) => void calls.push(['begun', id]),
        holds: () => holds,
        done: (id, given) => void (calls.push(['done', id, typeof given]), (finish = given)),
      }
      return () => void delete shared.extension
    })

    test('decorating tells it of the method before the first call; another platform’s `wrap` does not', () => {
      delete shared.untraced
      class Shop {
        @Flushed({ wrap: workers }) async fetch() {
          return new Response()
        }
      }
      expect([Shop, shared.untraced]).toEqual([Shop, undefined])
      start(10_000)
      expect(shared.untraced).toBeTypeOf('function')
    })

    test('the response goes first, and the sandbox is held until the flush is done', async () => {
      const { run, reports } = start(10_000)
      await run()
      expect(calls).toEqual([['begun', 'r-1'], ['done', 'r-1', 'function']])
      expect(reports).toEqual([])
      await finish?.()
      expect(reports).toMatchObject([{ outcome: 'delivered', phase: 'after-response' }])
    })

    test.each([
      ['the extension does not hold the sandbox for this invocation', false, 'auto'],
      ['the option `flush` is `before-response`', true, 'before-response'],
    ] as const)('it gets nothing to wait for if %s: the flush is before the response', async (_why, held, flush) => {
      holds = held
      const { run, reports } = start(10_000, 'microtask', flush)
      await run()
      expect(calls).toEqual([['begun', 'r-1'], ['done', 'r-1', 'undefined']])
      expect(reports).toMatchObject([{ outcome: 'delivered', phase: 'before-response' }])
    })
  })
})
