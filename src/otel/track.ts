/**
 * For people who keep a processor of their own: knowing what its exporter has in flight.
 *
 * `forceFlush()` of OpenTelemetry's batch processors resolves without waiting for exports that had started before. An
 * exporter that has passed through here is waited for, through nothing but its own public `export`.
 *
 * @module
 */
import { exportFailed, toError } from '../core/errors.ts'
import { noSpans } from '../core/report.ts'
import type { NamedFlush, SpanCounts } from '../core/types.ts'
import type { ExportResult, Exporter } from './types.ts'

/** One tracked exporter: what it has been given, and what it has answered. */
export class Tracked implements NamedFlush {
  readonly name: string
  readonly #open = new Map<Promise<void>, number>()
  #acknowledged = 0
  #failed = 0
  #error: Error | undefined

  constructor(readonly exporter: Exporter) {
    this.name = exporter.constructor?.name || 'exporter'
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
    const spans = spansAmong(items)
    const landed = this.#depart(spans)
    const answer = (result: ExportResult) => {
      landed(result)
      resultCallback(result)
    }
    try {
      this.exporter.export(items, answer)
    } catch (thrown) {
      landed({ code: 1, error: toError(thrown) })
      throw thrown
    }
  }

  #depart(spans: number): (result: ExportResult) => void {
    let resolve: (() => void) | undefined
    const open = new Promise<void>((settle) => (resolve = settle))
    this.#open.set(open, spans)
    return ({ code, error }) => {
      if (!this.#open.delete(open)) return
      if (code === 0) this.#acknowledged += spans
      else {
        this.#failed += spans
        this.#error = error ?? new Error('the exporter gave no reason')
      }
      resolve?.()
    }
  }

  /** Waits for every export in flight, those that start meanwhile included. */
  readonly flush = async (): Promise<unknown> => {
    const idle = this.#open.size === 0 && this.#acknowledged + this.#failed === 0 && !this.#error
    while (this.#open.size > 0) await Promise.all(this.#open.keys())
    const error = this.#error
    this.#error = undefined
    if (error) throw exportFailed(`not accepted: ${error.message}`, error)
    return idle ? 'nothing_to_send' : undefined
  }

  /** What became of spans since the last report. */
  count(): SpanCounts {
    const counts = { ...noSpans(), acknowledged: this.#acknowledged, failed: this.#failed }
    for (const spans of this.#open.values()) counts.pending += spans
    this.#acknowledged = this.#failed = 0
    return counts
  }
}

// Exporters of metrics and logs can be tracked too; only spans are counted as spans.
const spansAmong = (items: unknown): number =>
  Array.isArray(items) && typeof (items[0] as { spanContext?: unknown } | undefined)?.spanContext === 'function'
    ? items.length
    : 0
