/**
 * What the collector is told, and what it tells.
 *
 * @module
 */
import type { Encoding } from './encoding.ts'
import type { CollectedLog, CollectedMetric, CollectedSpan, Decoded, Signal } from './telemetry.ts'

/** An answer put together from parts. All of them are optional; `{}` is the same as `'ok'`. */
export interface CollectorAnswer {
  /** Milliseconds to wait before answering. @default 0 */
  readonly delayMs?: number
  /** HTTP status. Anything outside 200–299 is a refusal. @default 200 */
  readonly status?: number
  /** Value of the `Retry-After` header: seconds, or an HTTP date. Exporters heed it on 429 and 503. */
  readonly retryAfter?: number | string
  /**
   * How many items of an otherwise accepted request to report as rejected, which is OTLP's partial success. The last items are
   * rejected. For metrics, data points are counted.
   *
   * @default 0
   */
  readonly partialSuccess?: number
  /** Text that goes with a refusal or a partial success. With neither, everything is accepted, and the text is OTLP's warning. */
  readonly message?: string
}

/**
 * How the collector treats a request.
 *
 * - `'ok'`: 200 at once.
 * - `'hang'`: no answer, until {@link Collector.release} or {@link Collector.close}.
 * - `'reset'`: the connection is reset once the request has been read.
 * - a {@link CollectorAnswer}: `{ delayMs: 200 }`, `{ status: 503, retryAfter: 1 }`, `{ partialSuccess: 2 }`.
 */
export type CollectorBehavior = 'ok' | 'hang' | 'reset' | CollectorAnswer

/**
 * A behavior, or a function that picks one for each request.
 *
 * If the function throws, or returns something that is not a behavior, the mistake is the test's own: the request is answered
 * with 500, {@link Collector.waitFor} rejects with the error at once, and so does {@link Collector.close}.
 *
 * @example
 * collector.behave(({ headers }) => {
 *   expect(headers.authorization).toBe('Bearer 7')
 *   return 'ok'
 * })
 */
export type BehaviorRule = CollectorBehavior | ((request: CollectorRequest) => CollectorBehavior)

/** One rule for everything, or one for each signal; signals left out get `'ok'`. */
export type Behaviors = BehaviorRule | { readonly [S in Signal]?: BehaviorRule }

/** One request that arrived. Its `answeredAt`, `status`, `acknowledged` and `rejected` are filled in as things happen. */
export interface CollectorRequest extends Decoded {
  readonly signal: Signal
  readonly encoding: Encoding
  /** Whether the body came gzipped. */
  readonly compressed: boolean
  /** Size of the body on the wire, in bytes. */
  readonly bytes: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** When the whole body had arrived, in milliseconds since the epoch with fractions. */
  readonly receivedAt: number
  /** When the answer had been handed to the operating system, in the same unit; absent while there is none. */
  readonly answeredAt?: number
  /** The HTTP status of the answer; absent while there is none. */
  readonly status?: number
  /** Whether a 2xx answer was written out completely. */
  readonly acknowledged: boolean
  /** How many items a partial success rejected: spans, log records, or data points. */
  readonly rejected: number
}

/** Options of {@link startCollector}. */
export interface CollectorOptions {
  /** Port to listen on. @default 0, a free one */
  readonly port?: number
  /** How requests are treated from the start. @default 'ok' */
  readonly behavior?: Behaviors
}

/** Options of {@link Collector.waitFor}. */
export interface WaitOptions {
  /** Milliseconds after which to give up. @default 5000 */
  readonly timeoutMs?: number
}

/**
 * An OTLP/HTTP collector for tests. All lists are copies, in order of arrival or acknowledgement, so that what a test has
 * taken does not change under it (a request's own fields do, see {@link CollectorRequest}).
 */
export interface Collector extends AsyncDisposable {
  /** Base address, without a trailing slash, as `OTEL_EXPORTER_OTLP_ENDPOINT` takes it. */
  readonly url: string
  /**
   * Every request that arrived and was understood, whatever the answer was. Requests to another path, of another type or with a
   * broken body are refused (404, 405, 415, 400), and {@link Collector.waitFor} reports them when it gives up.
   */
  readonly requests: readonly CollectorRequest[]
  /** Spans of acknowledged requests, duplicates included, without those that a partial success rejected. */
  readonly spans: readonly CollectedSpan[]
  /** Metrics of acknowledged requests, without data points that a partial success rejected. */
  readonly metrics: readonly CollectedMetric[]
  /** Log records of acknowledged requests. */
  readonly logs: readonly CollectedLog[]
  /** Every span that arrived, acknowledged or not. */
  readonly received: readonly CollectedSpan[]
  /** Acknowledged spans, all or those of one trace. */
  acknowledged(traceId?: string): readonly CollectedSpan[]
  /**
   * Sets how the next requests are treated. Requests that are already delayed or hanging are not affected.
   *
   * @throws a `TypeError` that names the bad option and quotes its value
   */
  behave(behaviors: Behaviors): void
  /**
   * Answers every hanging request.
   *
   * @param answer default `{}`, which is 200
   * @throws a `TypeError` that names the bad option and quotes its value
   */
  release(answer?: CollectorAnswer): void
  /** Stops listening: connections are refused, open ones are reset. */
  refuse(): Promise<void>
  /** Listens again, on the same port. */
  accept(): Promise<void>
  /**
   * Waits until `predicate` returns true. The collector calls it now and after each change: a request received, answered or lost.
   *
   * @throws an `Error` that says what had arrived, and what of it was not understood, if `timeoutMs` have passed or the
   * collector is closed; whatever `predicate` throws; the first error that a {@link BehaviorRule} has thrown, at once and from
   * then on; a `TypeError` that names the bad option.
   */
  waitFor(predicate: (collector: Collector) => boolean, options?: WaitOptions): Promise<void>
  /** Forgets all records. Behaviors, hanging requests and connections stay, and so does what a {@link BehaviorRule} threw. */
  reset(): void
  /**
   * Stops the server, resets every connection, hanging ones included, and ends every {@link waitFor}. Safe to call twice;
   * leaving the scope (`await using`) is the same.
   *
   * @throws the first error that a {@link BehaviorRule} has thrown, after everything has been closed, unless a wait has ended
   * with it
   */
  close(): Promise<void>
}
