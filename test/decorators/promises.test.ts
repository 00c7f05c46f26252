/** Specifies `@Traced()` on methods that return promises: when their spans end, and that the promises stay what they are. */
import { SpanStatusCode } from '@opentelemetry/api'
import { span, withTelemetry } from 'flushed'
import { Traced } from 'flushed/decorators'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'
import { failure, named, parentOf, spansOf } from './support.ts'

beforeEach(newIsolate)

describe('a promise that a `@Traced()` method returns', () => {
  let settle!: { resolve(value: unknown): void; reject(error: unknown): void }
  class Orders {
    @Traced() load(): Promise<unknown> {
      return new Promise((resolve, reject) => (settle = { resolve, reject }))
    }
    @Traced() async later() {
      await Promise.resolve()
      span('query').end()
      return 'order'
    }
    @Traced() cancellable() {
      return Object.assign(Promise.resolve('done'), { cancel: () => 'cancelled' })
    }
  }

  test('ends the span when it settles, before the code that awaits it continues', async () => {
    const { exporter, telemetry } = pipeline()
    await withTelemetry(async () => {
      const started = vi.spyOn(telemetry.spanProcessor, 'onEnd')
      const loading = new Orders().load()
      await Promise.resolve()
      expect(started).not.toHaveBeenCalled()
      settle.resolve('order')
      expect(await loading).toBe('order')
      expect(started).toHaveBeenCalledOnce()
    }, { telemetry, name: 'root' })()
    expect(exporter.spans.map(({ name }) => name)).toEqual(['Orders.load', 'root'])
  })

  test('has the span as the parent of what the method does, after an `await` too', async () => {
    const spans = await spansOf(() => new Orders().later())
    expect(parentOf(named(spans, 'query'))).toBe(named(spans, 'Orders.later').spanContext().spanId)
  })

  test('rejects with its own error, and the span records it', async () => {
    const spans = await spansOf(() => {
      const loading = new Orders().load()
      settle.reject(failure)
      return expect(loading).rejects.toBe(failure)
    })
    expect(named(spans, 'Orders.load').status.code).toBe(SpanStatusCode.ERROR)
  })

  test('that rejects unhandled is reported by the runtime, as without a span', async () => {
    const heard = vi.fn()
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', heard)
    try {
      void new Orders().load()
      settle.reject(failure)
      await new Promise((resolve) => setImmediate(resolve))
      expect(heard).toHaveBeenCalledExactlyOnceWith(failure, expect.anything())
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const other of others) process.on('unhandledRejection', other)
    }
  })

  test('keeps properties that were added to it', async () => {
    await spansOf(async () => {
      const result = new Orders().cancellable()
      expect(result.cancel()).toBe('cancelled')
      expect(await result).toBe('done')
    })
  })
})
