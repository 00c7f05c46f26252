/**
 * A span exporter whose acknowledgements the test hands out.
 *
 * @module
 */

import { type Check, checkOptions } from '../core/options.ts'
import { oneOf } from './one-of.ts'

// Taken now, because Jest's fake timers fake it too.
const { queueMicrotask: soon } = globalThis

/** The part of a finished span that this exporter looks at. Every SDK's `ReadableSpan` has it. */
export interface ExportedSpan {
  readonly name: string
  spanContext(): { readonly traceId: string; readonly spanId: string }
}

/** How an export ended: `code` 0 is success, 1 is failure, as in OpenTelemetry's `ExportResultCode`. */
export interface ExportOutcome {
  code: number
  error?: Error
}

/** One call of `export`. */
export interface ExportRecord<S> {
  readonly spans: readonly S[]
  readonly state: 'in_flight' | 'acknowledged' | 'failed'
}

/** Options of {@link inMemoryExporter}. */
export interface InMemoryExporterOptions {
  /**
   * What happens to an export without further instructions.
   *
   * - `'sync'`: acknowledged before `export` returns.
   * - `'microtask'`: acknowledged in a microtask.
   * - `'hold'`: stays in flight, as after {@link InMemoryExporter.hold}.
   * - `'throw'`: `export` throws, and never calls back.
   *
   * @default 'sync'
   */
  readonly mode?: 'sync' | 'microtask' | 'hold' | 'throw'
}

/** A span exporter for tests. It fits `SpanExporter` of OpenTelemetry's SDK 2.x and 3.x. */
export interface InMemoryExporter<S extends ExportedSpan = ExportedSpan> {
  export(spans: S[], resultCallback: (result: ExportOutcome) => void): void
  /** Waits until nothing is in flight, as OTLP exporters do. */
  forceFlush(): Promise<void>
  /** Waits like {@link forceFlush}; exports after it fail. */
  shutdown(): Promise<void>
  /** Every export, in order. */
  readonly exports: readonly ExportRecord<S>[]
  /** Spans of acknowledged exports, in order of acknowledgement. */
  readonly spans: readonly S[]
  /** How many exports wait for an answer. */
  readonly inFlight: number
  /** Whether `shutdown` has been called. */
  readonly stopped: boolean
  /** Keeps further exports in flight. */
  hold(): void
  /** Changes what happens to further exports. @throws a `TypeError` that quotes an unknown mode */
  setMode(mode: NonNullable<InMemoryExporterOptions['mode']>): void
  /** Acknowledges the `count` oldest exports in flight. Default: all. */
  acknowledge(count?: number): void
  /** Fails the `count` oldest exports in flight. Default: all, with an error that says that the test wanted it. */
  fail(error?: Error, count?: number): void
  /** Resolves to the next call of `export`, counted from now. */
  nextExport(): Promise<ExportRecord<S>>
}

interface OpenExport<S> {
  spans: readonly S[]
  state: ExportRecord<S>['state']
  settle(result: ExportOutcome): void
}

const EXPORTER = {
  mode: oneOf<NonNullable<InMemoryExporterOptions['mode']>>({ sync: 1, microtask: 1, hold: 1, throw: 1 }),
} satisfies Record<keyof InMemoryExporterOptions, Check>

/**
 * Makes a span exporter that keeps spans in memory and, if told to, keeps its callers waiting.
 *
 * @throws a `TypeError` that names the bad option and quotes its value
 * @example
 * const exporter = inMemoryExporter<ReadableSpan>({ mode: 'hold' })
 * const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] })
 * // …
 * exporter.acknowledge()
 */
export function inMemoryExporter<S extends ExportedSpan = ExportedSpan>(
  options: InMemoryExporterOptions = {},
): InMemoryExporter<S> {
  checkOptions(options, EXPORTER)
  let mode = options.mode ?? 'sync'
  let stopped = false
  const exports: OpenExport<S>[] = []
  const open = new Set<OpenExport<S>>()
  const spans: S[] = []
  let nextExports: ((record: ExportRecord<S>) => void)[] = []
  let idle: (() => void)[] = []

  const settleOldest = (count: number, result: ExportOutcome) => {
    for (const record of [...open].slice(0, count)) record.settle(result)
  }
  const settled = () => {
    if (open.size > 0) return
    for (const resolve of idle) resolve()
    idle = []
  }
  const forceFlush = () => new Promise<void>((resolve) => (open.size === 0 ? resolve() : idle.push(resolve)))

  const add = (batch: readonly S[], callback: (result: ExportOutcome) => void): OpenExport<S> => {
    const record: OpenExport<S> = {
      spans: [...batch],
      state: 'in_flight',
      settle: (result) => {
        if (!open.delete(record)) return
        record.state = result.code === 0 ? 'acknowledged' : 'failed'
        if (result.code === 0) spans.push(...record.spans)
        callback(result)
        settled()
      },
    }
    exports.push(record)
    open.add(record)
    for (const resolve of nextExports) resolve(record)
    nextExports = []
    return record
  }

  return {
    export: (batch, callback) => {
      const record = add(batch, callback)
      if (stopped) return record.settle({ code: 1, error: new Error('The exporter has been shut down') })
      if (mode === 'throw') {
        open.delete(record)
        record.state = 'failed'
        throw new Error('inMemoryExporter: export throws, as the test asked for')
      }
      if (mode === 'sync') record.settle({ code: 0 })
      if (mode === 'microtask') soon(() => record.settle({ code: 0 }))
    },
    forceFlush,
    shutdown: () => {
      stopped = true
      return forceFlush()
    },
    get exports() {
      return exports
    },
    get spans() {
      return spans
    },
    get inFlight() {
      return open.size
    },
    get stopped() {
      return stopped
    },
    hold: () => {
      mode = 'hold'
    },
    setMode: (next) => {
      checkOptions({ mode: next }, EXPORTER)
      mode = next
    },
    acknowledge: (count = Infinity) => settleOldest(count, { code: 0 }),
    fail: (error = new Error('inMemoryExporter: failed, as the test asked for'), count = Infinity) =>
      settleOldest(count, { code: 1, error }),
    nextExport: () => new Promise((resolve) => nextExports.push(resolve)),
  }
}
