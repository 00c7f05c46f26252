/** `openInvocation`: explicit resource management for code that is not a function to wrap. */
import { setImmediate as turn } from 'node:timers/promises'
import { type ContextManager, ROOT_CONTEXT, context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { currentInvocation, openInvocation, span, waitUntil, withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { answering, names, newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)
afterEach(() => vi.unstubAllGlobals())

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
