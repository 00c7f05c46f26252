/** `openInvocation`: explicit resource management for code that is not a function to wrap. */
import { makeProvider, neverSampled } from '#sdk'
import { type ContextManager, ROOT_CONTEXT, SpanStatusCode, context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { currentInvocation, openInvocation, span, waitUntil, withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { fakeClock, useClock } from 'flushed/testing'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { answering, newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)
afterEach(() => vi.unstubAllGlobals())

const names = (spans: readonly { name: string }[]) => spans.map(({ name }) => name)
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('an opened invocation', () => {
  test('is the current one until its scope ends; by then its spans are acknowledged', async () => {
    const { exporter, telemetry, tracer } = pipeline()
    const reports: FlushReport[] = []
    {
      await using poll = openInvocation({ name: 'poll', telemetry, onFlush: (report) => reports.push(report) })
      await turn()
      tracer.startActiveSpan('receive', (receive) => receive.end())
      span('left open')
      expect([currentInvocation()?.root, trace.getActiveSpan(), poll.live]).toEqual([poll.root, poll.root, true])
      expect(exporter.spans).toEqual([])
    }
    expect(names(exporter.spans)).toEqual(['receive', 'left open', 'poll'])
    expect(new Set(exporter.spans.map((each) => each.spanContext().traceId)).size).toBe(1)
    expect(reports).toMatchObject([{ outcome: 'delivered', spans: { acknowledged: 3, endedByDispose: 1 } }])
    expect(currentInvocation()).toBeUndefined()
  })

  test('lets its scope end only when its flush is over', async () => {
    const { exporter, telemetry } = pipeline({}, 'hold')
    let left = false
    await answering(
      exporter,
      async () => {
        {
          await using _poll = openInvocation({ telemetry })
        }
        left = true
      },
      () => {
        expect(left).toBe(false)
        exporter.acknowledge()
      },
    )
    expect(left).toBe(true)
  })

  test('waits for background work', async () => {
    const { exporter, telemetry } = pipeline()
    {
      await using _poll = openInvocation({ name: 'poll', telemetry })
      waitUntil(turn().then(() => span('later').end()))
    }
    expect(names(exporter.spans)).toEqual(['later', 'poll'])
  })

  test('in a loop, is a new one each time, with a trace of its own', async () => {
    const { exporter, telemetry } = pipeline()
    for (const name of ['first', 'second']) {
      await using _poll = openInvocation({ name, telemetry })
      await turn()
      span(`child of ${name}`).end()
    }
    expect(names(exporter.spans)).toEqual(['child of first', 'first', 'child of second', 'second'])
    expect(new Set(exporter.spans.map((each) => each.spanContext().traceId)).size).toBe(2)
    expect(exporter.spans.filter((each) => each.parentSpanContext === undefined)).toHaveLength(2)
  })

  test('side by side with others, has only its own spans', async () => {
    const { exporter, telemetry } = pipeline()
    const handle = async (message: number) => {
      await using _poll = openInvocation({ name: `message ${message}`, telemetry })
      await turn()
      span(`child of ${message}`).end()
      await turn()
    }
    await Promise.all([handle(1), handle(2), handle(3)])
    for (const message of [1, 2, 3]) {
      const root = exporter.spans.find(({ name }) => name === `message ${message}`)
      const child = exporter.spans.find(({ name }) => name === `child of ${message}`)
      expect(root?.parentSpanContext).toBeUndefined()
      expect(child?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId)
    }
    expect(exporter.exports).toHaveLength(3)
  })

  test('within a wrapped handler is a child span, and flushes nothing', async () => {
    const { exporter, telemetry } = pipeline()
    await withTelemetry(
      async () => {
        {
          await using step = openInvocation({ name: 'step' })
          expect(currentInvocation()?.root).not.toBe(step.root)
          step.span('of the step').end()
        }
        expect(exporter.spans).toEqual([])
        span('after it').end()
      },
      { telemetry, name: 'handler' },
    )()
    const [of, step, after, handler] = exporter.spans
    expect(names(exporter.spans)).toEqual(['of the step', 'step', 'after it', 'handler'])
    const parentOf = (each = handler) => each?.parentSpanContext?.spanId
    expect([parentOf(of), parentOf(step), parentOf(after)]).toEqual(
      [step, handler, handler].map((each) => each?.spanContext().spanId),
    )
  })

  test('is flushed once, even if it is disposed of several times', async () => {
    const { telemetry } = pipeline()
    const onFlush = vi.fn()
    const poll = openInvocation({ telemetry, onFlush })
    await Promise.all([poll[Symbol.asyncDispose](), poll[Symbol.asyncDispose]()])
    await poll[Symbol.asyncDispose]()
    expect(onFlush).toHaveBeenCalledOnce()
  })
})

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

describe('where a context cannot be entered', () => {
  test('with the application’s own context manager, `run` enters the context, and `span` works even without', async () => {
    const { exporter, telemetry, tracer } = pipeline()
    const manager: ContextManager = new AsyncLocalStorageContextManager()
    context.setGlobalContextManager(manager.enable())
    {
      await using poll = openInvocation({ name: 'poll', telemetry })
      await turn()
      expect(context.active()).toBe(ROOT_CONTEXT)
      span('ours').end()
      await poll.run(async () => {
        await turn()
        tracer.startSpan('theirs').end()
      })
    }
    const root = exporter.spans.at(-1)
    expect(exporter.spans.map(({ name, parentSpanContext }) => [name, parentSpanContext?.spanId])).toEqual([
      ['ours', root?.spanContext().spanId],
      ['theirs', root?.spanContext().spanId],
      ['poll', undefined],
    ])
  })

  test('without AsyncLocalStorage, the methods of the invocation still work', async () => {
    vi.stubGlobal('process', { env: process.env })
    const { exporter, telemetry } = pipeline()
    {
      await using poll = openInvocation({ name: 'poll', telemetry })
      await turn()
      expect(currentInvocation()).toBeUndefined()
      poll.span('child')
      poll.run(() => span('another').end())
      poll.adopt({}, () => span('ends').end())
      poll.waitUntil(turn())
    }
    expect(names(exporter.spans).toSorted()).toEqual(['another', 'child', 'ends', 'poll'])
  })
})
