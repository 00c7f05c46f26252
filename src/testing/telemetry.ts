/**
 * Telemetry as the collector hands it out: plain objects, the same whichever encoding they came in.
 *
 * @module
 */

/** One of OTLP's three signals, named as its path is (`/v1/traces`). */
export type Signal = 'traces' | 'metrics' | 'logs'

/** Attribute values as plain JavaScript. Integers beyond 2^53 are `bigint`, bytes are `Uint8Array`. */
export type CollectedAttributes = Record<string, unknown>

/** The instrumentation scope (the tracer, meter or logger) that recorded something. */
export interface CollectedScope {
  readonly name: string
  readonly version?: string
}

/** What every collected item carries. */
export interface Origin {
  /** The resource's attributes. */
  readonly resource: CollectedAttributes
  readonly scope: CollectedScope
}

/** The kind of a span. OTLP sends a number (`SPAN_KIND_SERVER` is 2), one more than the number in the JavaScript API. */
export type CollectedSpanKind = 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer'

/** An event of a span. */
export interface CollectedEvent {
  readonly name: string
  readonly timeUnixNano: bigint
  readonly attributes: CollectedAttributes
}

/** A link from a span to another. Ids are lowercase hex. */
export interface CollectedLink {
  readonly traceId: string
  readonly spanId: string
  readonly traceState?: string
  readonly attributes: CollectedAttributes
}

/** A span that reached the collector. Ids are lowercase hex; times are nanoseconds since the Unix epoch. */
export interface CollectedSpan extends Origin {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly name: string
  readonly kind: CollectedSpanKind
  readonly startTimeUnixNano: bigint
  readonly endTimeUnixNano: bigint
  readonly attributes: CollectedAttributes
  readonly events: readonly CollectedEvent[]
  readonly links: readonly CollectedLink[]
  readonly status: { readonly code: 'unset' | 'ok' | 'error'; readonly message?: string }
}

/** One data point of a metric: `value` for gauges and sums, `count` and `sum` for the others. */
export interface CollectedPoint {
  readonly attributes: CollectedAttributes
  readonly timeUnixNano: bigint
  readonly value?: number | bigint
  readonly count?: number | bigint
  readonly sum?: number
}

/** A metric that reached the collector. */
export interface CollectedMetric extends Origin {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly type: 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary' | 'unknown'
  readonly points: readonly CollectedPoint[]
}

/** A log record that reached the collector. `traceId` and `spanId` are there when it was recorded inside a span. */
export interface CollectedLog extends Origin {
  readonly timeUnixNano: bigint
  readonly observedTimeUnixNano: bigint
  readonly severityNumber: number
  readonly severityText: string
  readonly body: unknown
  readonly attributes: CollectedAttributes
  readonly traceId?: string
  readonly spanId?: string
  readonly eventName?: string
}

/** The decoded content of one request. Only the list of its own signal has entries. */
export interface Decoded {
  readonly spans: readonly CollectedSpan[]
  readonly metrics: readonly CollectedMetric[]
  readonly logs: readonly CollectedLog[]
}
