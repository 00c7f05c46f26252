/**
 * Tracks what an exporter has in flight, for people who keep a span processor of their own.
 *
 * `forceFlush()` of OpenTelemetry's batch processors resolves without waiting for exports that had started before. A flush
 * does wait for a tracked exporter. Tracking uses nothing but the exporter's own public `export`.
 *
 * @module
 */
import { context } from '@opentelemetry/api'
import { currentOwner } from '../core/current.ts'
import { toError } from '../core/errors.ts'
import type { SpanOwner } from '../core/types.ts'
import { failureOf } from './delivery.ts'
import { type Flight, concerns, sizeOf } from './ledger.ts'
import type { Outbox } from './outbox.ts'
import type { Exporter, FinishedSpan } from './types.ts'

/** Returns the exporter with only its `export` replaced. The result is a proxy, since exporters may have private fields. */
export function tracked<E extends Exporter>(exporter: E, { watch }: Outbox): E {
  const watched: Exporter['export'] = (items, resultCallback) => {
    const answered = watch(spansAmong(items), currentOwner(context.active()))
    try {
      const made: unknown = exporter.export(items, (result) => {
        answered(failureOf(result))
        resultCallback(result)
      })
      // `export` should return nothing. One that is `async` returns a rejection if it throws: its caller would wait for an answer.
      Promise.resolve(made).catch((thrown) => {
        const error = toError(thrown)
        answered(error)
        resultCallback({ code: 1, error })
      })
      return made as undefined
    } catch (thrown) {
      answered(toError(thrown))
      throw thrown
    }
  }
  // The proxy's target only inherits from the exporter: for a frozen property of its target, a proxy must not give another value.
  return new Proxy(Object.create(exporter) as E, {
    set: (_, key, value) => Reflect.set(exporter, key, value),
    get(_, key) {
      if (key === 'export') return watched
      const value: unknown = Reflect.get(exporter, key, exporter)
      return typeof value === 'function' ? value.bind(exporter) : value
    },
  })
}

/** An outbox whose `pending` has only exports that the flush has waited for, not what other invocations export meanwhile. */
export function counted(outbox: Outbox): Outbox {
  const waited = new WeakMap<SpanOwner, Flight[]>()
  return {
    ...outbox,
    flush(flush) {
      const { invocation } = flush
      waited.set(invocation, outbox.open(invocation).filter((flight) => concerns(flight, invocation)))
      return outbox.flush(flush)
    },
    count(owner) {
      const flights = (waited.get(owner) ?? []).filter(({ landed }) => !landed)
      for (const flight of flights) flight.awaited = true
      return { ...outbox.count(owner), pending: sizeOf(flights) }
    },
  }
}

// Exporters of metrics and logs can be tracked too; only spans are counted as spans.
const spansAmong = (items: unknown): FinishedSpan[] =>
  Array.isArray(items) && typeof (items[0] as Partial<FinishedSpan> | undefined)?.spanContext === 'function' ? items : []
