/**
 * For people who keep a processor of their own: knowing what its exporter has in flight.
 *
 * `forceFlush()` of OpenTelemetry's batch processors resolves without waiting for exports that had started before. An
 * exporter that has passed through here is waited for, through nothing but its own public `export`.
 *
 * @module
 */
import { context } from '@opentelemetry/api'
import { currentOwner } from '../core/current.ts'
import { toError } from '../core/errors.ts'
import { noSpans } from '../core/report.ts'
import type { NamedFlush, SpanCounts, SpanOwner } from '../core/types.ts'
import { type Flight, answers, failureOf, land, ledgerOf, nameOf, newFlight, newLedger, notAccepted, sizeOf } from './ledger.ts'
import type { ExportResult, Exporter, FinishedSpan } from './types.ts'

/** One tracked exporter: what it has been given, and what it has answered. */
export class Tracked implements NamedFlush {
  readonly name: string
  /** What has become of all spans, and, where promises may cross, all exports that have not been answered. */
  readonly #all = newLedger()

  constructor(readonly exporter: Exporter) {
    this.name = nameOf(exporter)
  }

  /** The exporter, with only its `export` replaced. A proxy, since exporters may have private fields. */
  proxy<E extends Exporter>(): E {
    return new Proxy(this.exporter as E, {
      get: (exporter, key) => {
        if (key === 'export') return this.#export
        const value: unknown = Reflect.get(exporter, key, exporter)
        return typeof value === 'function' ? value.bind(exporter) : value
      },
    })
  }

  readonly #export: Exporter['export'] = (items, resultCallback) => {
    const flight = newFlight(this.#ledgerOf(currentOwner(context.active())), spansAmong(items))
    const landed = (error: Error | undefined) => {
      if (!flight.done) land(flight, error, this.#all)
    }
    try {
      this.exporter.export(items, (result: ExportResult) => {
        landed(failureOf(result))
        resultCallback(result)
      })
    } catch (thrown) {
      landed(toError(thrown))
      throw thrown
    }
  }

  // Where promises must not cross, an invocation waits for the exports that were made in it.
  #ledgerOf(owner: SpanOwner | undefined) {
    return owner && !owner.timers ? ledgerOf(owner, this) : this.#all
  }

  /** Exports that have not been answered. */
  open(owner: SpanOwner): readonly Flight[] {
    return this.#ledgerOf(owner).open
  }

  /** Waits for every export in flight, those that start meanwhile included. */
  readonly flush: NamedFlush['flush'] = async ({ invocation }) => {
    const all = this.#all
    const open = this.open(invocation)
    const idle = open.length + all.acknowledged === 0 && !all.error
    while (open.length > 0) await answers(open)
    const { error } = all
    all.error = undefined
    if (error) throw notAccepted({ ...all, error })
    return idle ? 'nothing_to_send' : undefined
  }

  /** What became of spans since the last report. */
  count(owner: SpanOwner): SpanCounts {
    const all = this.#all
    const counts = { ...noSpans(), acknowledged: all.acknowledged, failed: all.refused, pending: sizeOf(this.open(owner)) }
    all.acknowledged = all.refused = 0
    return counts
  }
}

// Exporters of metrics and logs can be tracked too; only spans are counted as spans.
const spansAmong = (items: unknown): readonly FinishedSpan[] =>
  Array.isArray(items) && typeof (items[0] as { spanContext?: unknown } | undefined)?.spanContext === 'function' ? items : []
