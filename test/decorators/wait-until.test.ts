/** Specifies how `@Flushed()` finds a context with `waitUntil`, and what it leaves to it. The contexts are fakes. */
import { SpanKind } from '@opentelemetry/api'
import { type FlushReport, currentInvocation, span } from 'flushed'
import { Flushed, type FlushedOptions } from 'flushed/decorators'
import { beforeEach, describe, expect, test } from 'vitest'
import type { SpanOwner } from '../../src/core/types.ts'
import { answering, names, newIsolate, pipeline } from '../support/sdk.ts'
import { failure, keeping } from './support.ts'

beforeEach(newIsolate)

describe('a context with `waitUntil`', () => {
  const reports: FlushReport[] = []
  beforeEach(() => void (reports.length = 0))
  const flushedWith = (more: FlushedOptions = {}) => {
    const { exporter, telemetry } = pipeline({}, 'hold')
    class Room {
      constructor(readonly ctx?: unknown, readonly held?: unknown) {}
      @Flushed({ telemetry, onFlush: (report) => reports.push(report), ...more }) async join(...args: unknown[]) {
        return args.length
      }
    }
    return { Room, exporter }
  }

  test.each([
    ['among the arguments', () => { const ctx = keeping(); return { ctx, args: ['event', { env: 1 }, ctx], self: [] } }, {}],
    ['as `this.ctx`', () => { const ctx = keeping({ id: 'room-1' }); return { ctx, args: ['event'], self: [ctx] } }, {}],
    ['by the `context` option', () => { const ctx = keeping(); return { ctx, args: ['event'], self: [keeping(), ctx] } }, { context(this: { held: unknown }) { return this.held } }],
  ])('is found %s: it waits for the flush, the method does not', async (_where, make, options) => {
    const { Room, exporter } = flushedWith(options)
    const { ctx, args, self } = make()
    const room = new Room(...self)
    const exported = exporter.nextExport()
    expect(await room.join(...args)).toBe(args.length)
    await exported
    expect(ctx.work.length).toBeGreaterThan(0)
    expect(reports).toEqual([])
    exporter.acknowledge()
    await Promise.all(ctx.work)
    expect(reports).toMatchObject([{ outcome: 'delivered', phase: 'after-response' }])
  })

  test('is not used if the option `flush` is `before-response`', async () => {
    const { Room, exporter } = flushedWith({ flush: 'before-response' })
    const ctx = keeping()
    await answering(exporter, () => new Room(ctx).join(), () => exporter.acknowledge())
    expect(reports).toMatchObject([{ phase: 'before-response' }])
    expect(ctx.work).toEqual([])
  })

  test('that no longer accepts work when the method settles makes the method wait for the flush', async () => {
    const { Room, exporter } = flushedWith()
    let calls = 0
    const ctx = { waitUntil() { if (calls++) throw failure } }
    await answering(exporter, () => new Room(ctx).join(), () => exporter.acknowledge())
    expect(reports).toMatchObject([{ outcome: 'delivered' }])
    expect(calls).toBe(2)
  })

  test('has work that the method passes to it tracked: a span of that work is not cut short', async () => {
    const { exporter, telemetry } = pipeline()
    const ctx = keeping({ id: 'room-1' })
    class Room {
      ctx = ctx
      @Flushed({ telemetry }) async join() {
        this.ctx.waitUntil(this.greet())
      }
      async greet() {
        await Promise.resolve()
        using _greeting = span('greet')
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await new Room().join()
    await Promise.all(ctx.work)
    expect(names(exporter.spans)).toEqual(['Room.join', 'greet'])
    expect(exporter.spans[1]?.attributes).toEqual({})
  })

  test('of a Durable Object is shared: work of no known invocation is not attributed to a running one', async () => {
    const { Room, exporter } = flushedWith({ logger: false })
    const ctx = keeping({ id: 'room-1' })
    const exported = exporter.nextExport()
    const joining = new Room(ctx).join()
    const failing = Promise.reject(failure)
    ctx.waitUntil(failing)
    // As a platform does.
    failing.catch(() => {})
    await joining
    await exported
    exporter.acknowledge()
    await Promise.allSettled(ctx.work)
    expect(reports).toMatchObject([{ outcome: 'delivered', warnings: [] }])
  })

  test('may vanish without notice, so its invocation has an expiry time', async () => {
    const { telemetry } = pipeline()
    class Room {
      ctx = keeping()
      @Flushed({ telemetry }) async join() {
        return (currentInvocation() as SpanOwner).expiresAt
      }
    }
    expect(await new Room().join()).toBeLessThan(Infinity)
  })

  test('is not confused with a stub of a remote object, which seems to have every method', async () => {
    const { Room, exporter } = flushedWith()
    const stub = new Proxy({}, { get: () => () => { throw failure } })
    await answering(exporter, () => new Room().join(stub), () => exporter.acknowledge())
    expect(reports).toMatchObject([{ phase: 'before-response' }])
    expect(exporter.spans[0]?.kind).toBe(SpanKind.INTERNAL)
  })

  test('is looked for safely: a getter or a `context` option that throws does no harm', async () => {
    const { Room, exporter } = flushedWith({ logger: false, context: () => { throw failure } })
    const hostile = Object.defineProperty({}, 'waitUntil', { get: () => { throw failure } })
    await answering(exporter, () => new Room(hostile).join(hostile, null), () => exporter.acknowledge())
    expect(reports).toMatchObject([{ phase: 'before-response', outcome: 'delivered' }])
  })
})
