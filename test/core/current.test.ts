/** The current invocation, with and without AsyncLocalStorage, and what the functions that need one do outside of any. */
import { setImmediate as turn } from 'node:timers/promises'
import { type ContextManager, ROOT_CONTEXT, context, trace } from '@opentelemetry/api'
import { adopt, currentInvocation, span, waitUntil, withTelemetry } from 'flushed'
import type { FlushReport, Telemetry } from 'flushed'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { names, newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)
afterEach(() => vi.unstubAllGlobals())

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Takes AsyncLocalStorage away from the runtime, as in workerd without a compatibility flag. */
const withoutAsyncLocalStorage = () => vi.stubGlobal('process', { env: process.env })

describe('the current invocation', () => {
  test('is known across awaits, and undefined outside', async () => {
    const { telemetry } = pipeline()
    expect(currentInvocation()).toBeUndefined()
    await withTelemetry(
      async () => {
        const before = currentInvocation()
        await new Promise((resolve) => setImmediate(resolve))
        expect(currentInvocation()).toBe(before)
        expect(before?.live).toBe(true)
        expect(before?.root).toBe(trace.getActiveSpan())
      },
      { telemetry },
    )()
    expect(currentInvocation()).toBeUndefined()
  })

  test('is not live any more when its call is over', async () => {
    const { telemetry } = pipeline()
    let invocation: ReturnType<typeof currentInvocation>
    await withTelemetry(async () => void (invocation = currentInvocation()), { telemetry })()
    expect(invocation?.live).toBe(false)
  })

  test('is undefined where code leaves its context on purpose, both before and after the first await', async () => {
    const { exporter, telemetry } = pipeline()
    const reports: FlushReport[] = []
    const onFlush = (report: FlushReport) => void reports.push(report)
    const job = withTelemetry(async () => span('work').end(), { telemetry, name: 'job', onFlush })
    const detached = () => context.with(ROOT_CONTEXT, () => [currentInvocation(), job()] as const)
    const request = async () => {
      const [before, first] = detached()
      await turn()
      const [after, second] = detached()
      await Promise.all([first, second])
      return [before, after]
    }
    expect(await withTelemetry(request, { telemetry, name: 'request', onFlush })()).toEqual([undefined, undefined])
    expect(reports.map(({ spans }) => spans.acknowledged)).toEqual([2, 2, 1])
    expect(exporter.spans.filter(({ parentSpanContext }) => !parentSpanContext).map(({ name }) => name)).toEqual(['job', 'job', 'request'])
  })

  test('leaves the application’s own context manager in place', async () => {
    const { telemetry } = pipeline()
    const active = vi.fn(() => ROOT_CONTEXT)
    let current = ROOT_CONTEXT
    const manager: ContextManager = {
      active: () => (active(), current),
      with(within, fn, thisArg, ...args) {
        const before = current
        current = within
        try {
          return fn.apply(thisArg, args)
        } finally {
          current = before
        }
      },
      bind: (_context, target) => target,
      enable: () => manager,
      disable: () => manager,
    }
    context.setGlobalContextManager(manager)
    await withTelemetry(async () => {}, { telemetry })()
    active.mockClear()
    context.active()
    expect(active).toHaveBeenCalledOnce()
  })
})

describe('invocations that each start the next one', () => {
  interface Order {
    readonly id: number
  }

  /** Handles orders 0, 1, 2 …, each begun from within the one before, which is over by then. Resolves with the first order. */
  const inARow = (count: number, telemetry: Telemetry, atTheEnd = () => {}) =>
    new Promise<WeakRef<Order>>((resolve) => {
      let first: WeakRef<Order>
      const handle = withTelemetry(
        async (order: Order) => {
          first ??= new WeakRef(order)
          setImmediate(next, order.id + 1)
        },
        { telemetry },
      )
      const next = (id: number) => {
        if (id < count) return handle({ id })
        atTheEnd()
        resolve(first)
      }
      void next(0)
    })

  test('can form a chain of 10,000', async () => {
    const { exporter, telemetry } = pipeline()
    await inARow(10_000, telemetry)
    expect(exporter.spans).toHaveLength(10_000)
  })

  test('do not keep the arguments of earlier ones alive', async () => {
    const { telemetry } = pipeline()
    // While the context of the last one still exists.
    const first = await inARow(3, telemetry, collectGarbage)
    expect(first.deref()).toBeUndefined()
  })
})

describe('where the application has no context manager', () => {
  test('the next invocation has one even after `context.disable()` was called', async () => {
    const { telemetry } = pipeline()
    const handler = withTelemetry(async () => {
      await turn()
      return currentInvocation()?.live
    }, { telemetry })
    const before = await handler()
    context.disable()
    expect([before, await handler()]).toEqual([true, true])
  })

  test('a bound function runs in its context, and keeps `this`, arguments and length', async () => {
    const { telemetry } = pipeline()
    let bound = function (this: unknown, _a: number, _b: number): unknown[] {
      return []
    }
    await withTelemetry(async () => {
      bound = context.bind(context.active(), function (this: unknown, a: number, b: number) {
        return [this, a, b, currentInvocation() !== undefined]
      })
    }, { telemetry })()
    const self = {}
    expect([bound.call(self, 1, 2), bound.length]).toEqual([[self, 1, 2, true], 2])
    const emitter = {}
    expect(context.bind(ROOT_CONTEXT, emitter)).toBe(emitter)
  })
})

describe('without AsyncLocalStorage', () => {
  test('the invocation is known up to the first await, and owns spans started with its context by hand', async () => {
    withoutAsyncLocalStorage()
    const { exporter, telemetry, tracer } = pipeline()
    let report: FlushReport | undefined
    const handler = withTelemetry(
      async () => {
        const invocation = currentInvocation()
        span('helper').end()
        tracer.startSpan('by hand', {}, invocation?.context)
        await new Promise((resolve) => setImmediate(resolve))
        expect(currentInvocation()).toBeUndefined()
        invocation?.span('later')
      },
      { telemetry, name: 'root', onFlush: (r) => (report = r) },
    )
    await handler()
    expect(names(exporter.spans)).toEqual(['helper', 'later', 'by hand', 'root'])
    expect(new Set(exporter.spans.map((each) => each.spanContext().traceId)).size).toBe(1)
    expect(report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 4, endedByDispose: 2 } })
  })

  test('a wrap around a wrap is still one invocation', async () => {
    withoutAsyncLocalStorage()
    const { exporter, telemetry } = pipeline()
    const inner = withTelemetry(async () => {}, { telemetry, name: 'inner' })
    await withTelemetry(inner, { telemetry, name: 'outer' })()
    expect(exporter.exports.map(({ spans }) => names(spans))).toEqual([['inner', 'outer']])
  })
})

describe('outside an invocation', () => {
  test('`span` is a plain span, `adopt` does nothing, `waitUntil` warns once, and about each failure', async () => {
    const { exporter, provider } = pipeline()
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    span('alone').end()
    expect(adopt('thing', () => expect.unreachable())).toBe('thing')
    waitUntil(Promise.reject(new Error('unseen')))
    waitUntil(Promise.resolve())
    await provider.forceFlush()
    expect(names(exporter.spans)).toEqual(['alone'])
    expect(warn.mock.calls).toEqual([
      ['flushed: waitUntil() was called outside an invocation; nothing waits for its work'],
      ['flushed: background work failed: unseen'],
    ])
    warn.mockRestore()
  })
})
