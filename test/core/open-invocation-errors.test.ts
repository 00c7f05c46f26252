/** Errors and results with `openInvocation`: which the root span records, and what reaches the caller whatever fails. */
import { setImmediate as turn } from 'node:timers/promises'
import { makeProvider, neverSampled } from '#sdk'
import { SpanStatusCode, trace } from '@opentelemetry/api'
import { openInvocation, withTelemetry } from 'flushed'
import { fakeClock, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

describe('errors and results', () => {
  test('an error that leaves the scope reaches the caller, and the spans are delivered', async () => {
    const { exporter, telemetry } = pipeline()
    const error = new Error('no order')
    const script = async () => {
      await using _poll = openInvocation({ name: 'script', telemetry })
      await turn()
      throw error
    }
    await expect(script()).rejects.toBe(error)
    expect(exporter.spans.map(({ name, status }) => [name, status.code])).toEqual([['script', SpanStatusCode.UNSET]])
  })

  test('an error passed to `fail` is recorded on the root', async () => {
    const { exporter, telemetry } = pipeline()
    {
      await using poll = openInvocation({ telemetry })
      poll.fail(new RangeError('no order'))
    }
    const [root] = exporter.spans
    expect([root?.status, root?.attributes['error.type']]).toEqual([{ code: SpanStatusCode.ERROR, message: 'no order' }, 'RangeError'])
  })

  test.each<[string, (error: Error) => unknown]>([
    ['throws', (error) => {
      throw error
    }],
    ['rejects with', (error) => turn().then(() => Promise.reject(error))],
  ])('what `run` %s is recorded on the root, and reaches the caller', async (_how, work) => {
    const { exporter, telemetry } = pipeline()
    const error = new Error('no order')
    {
      await using poll = openInvocation({ telemetry })
      await expect((async () => poll.run(() => work(error)))()).rejects.toBe(error)
    }
    expect(exporter.spans[0]?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no order' })
  })

  test('the rejection of a custom promise class is recorded, and `run` returns that very promise', async () => {
    const { exporter, telemetry } = pipeline()
    const error = new Error('no order')
    class ApiPromise extends Promise<string> {
      withResponse() {
        return this.then((body) => ({ body }))
      }
    }
    const request = new ApiPromise((_resolve, reject) => setImmediate(reject, error))
    {
      await using poll = openInvocation({ telemetry })
      const result = poll.run(() => request)
      expect(result).toBe(request)
      await expect(result.withResponse()).rejects.toBe(error)
    }
    expect(exporter.spans[0]?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no order' })
  })

  test('`run` returns the very same value if that cannot be followed, such as a stub of something remote', async () => {
    const { telemetry } = pipeline()
    await using poll = openInvocation({ telemetry })
    const stub = new Proxy(async () => 'ordered', {
      // oxlint-disable-next-line unicorn/no-thenable -- what this is about
      get: (_, key) => (key === 'then' ? (done: (value: string) => void) => done('ordered') : undefined),
      defineProperty: () => {
        throw new TypeError('stubs have no properties')
      },
    })
    expect(poll.run(() => stub)).toBe(stub)
    expect(await (poll.run(() => stub) as unknown)).toBe('ordered')
  })

  test('a promise that `run` returns keeps the properties added to it', async () => {
    const { telemetry } = pipeline()
    await using poll = openInvocation({ telemetry })
    const result = poll.run(() => Object.assign(Promise.resolve('done'), { kill: () => 'killed' }))
    expect([result.kill(), await result]).toEqual(['killed', 'done'])
  })

  test.each([
    ['a promise', Promise],
    ['a promise of a custom class', class extends Promise<never> {}],
  ])('an unhandled rejection of %s is reported by the runtime, as without `run`', async (_what, Made) => {
    const { telemetry } = pipeline()
    const error = new Error('no order')
    const heard = vi.fn()
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', heard)
    try {
      await using poll = openInvocation({ telemetry })
      void poll.run(() => Made.reject(error))
      await turn()
      expect(heard).toHaveBeenCalledExactlyOnceWith(error, expect.anything())
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const other of others) process.on('unhandledRejection', other)
    }
  })

  test('an exporter that hangs holds the scope for `timeoutMs`, and no longer', async () => {
    const { exporter, telemetry } = pipeline({}, 'hold')
    const clock = fakeClock()
    useClock(clock)
    const warn = vi.fn()
    const exported = exporter.nextExport()
    const scope = (async () => {
      await using _poll = openInvocation({ telemetry, timeoutMs: 300, logger: { warn } })
    })()
    await exported
    await clock.advance(300)
    await scope
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('timed_out'))
  })

  test('an invocation opened within another is live until it is disposed of, even if it is not sampled', async () => {
    const { telemetry } = pipeline()
    trace.disable()
    trace.setGlobalTracerProvider(makeProvider({ sampler: neverSampled(), spanProcessors: [telemetry.spanProcessor] }))
    const seen: boolean[] = []
    await withTelemetry(
      async () => {
        const inner = openInvocation({ telemetry })
        seen.push(inner.live)
        await inner[Symbol.asyncDispose]()
        seen.push(inner.live)
      },
      { telemetry },
    )()
    expect(seen).toEqual([true, false])
  })

  test('telemetry that fails to start does not keep the code from running', async () => {
    const warn = vi.fn()
    const telemetry = {
      stages: [],
      tracer: () => {
        throw new Error('no tracer')
      },
    }
    const console_ = vi.spyOn(console, 'warn').mockImplementation(() => {})
    onTestFinished(() => console_.mockRestore())
    {
      await using poll = openInvocation({ telemetry, logger: { warn } })
      expect([poll.live, poll.run(() => 42), poll.root.isRecording(), poll.signal.aborted]).toEqual([false, 42, false, false])
      poll.span('nowhere').end()
      poll.waitUntil(Promise.reject(new Error('nobody waits')))
    }
    expect(warn).toHaveBeenCalledWith('flushed: opening the invocation failed: no tracer')
    expect(console_).toHaveBeenCalledWith('flushed: background work failed: nobody waits')
  })

  test('a bad option is a TypeError', () => {
    expect(() => openInvocation({ timeoutMs: -1 })).toThrow('option `timeoutMs` must be a positive number of milliseconds, got -1')
  })
})
