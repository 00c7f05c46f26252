/**
 * The providers that an application has registered globally. They are flushed if nothing else is named.
 *
 * @module
 */
import { metrics, trace } from '@opentelemetry/api'
import { running } from './isolate.ts'
import { unproxied } from './span.ts'
import type { NamedFlush, Telemetry } from './types.ts'

/** A provider that may be flushed. SDK 3.x accepts a timeout for one call; SDK 2.x ignores it. */
export interface FlushableProvider {
  forceFlush?(options?: { timeoutMillis?: number }): unknown
}

// Logs are part of the API package from 1.10 on. They are looked up where copies of the API find each other: an import of
// `logs` would fail in bundles with 1.9, and an import of the whole package would make bundles keep all of it. Before 1.10,
// `@opentelemetry/api-logs` had a global of its own, which returns the provider for the interface's version.
const REGISTERED = Symbol.for('opentelemetry.js.api.1')
const LOGS = Symbol.for('io.opentelemetry.js.api.logs')

const globals = globalThis as { [REGISTERED]?: { logs?: object }; [LOGS]?: (version: number) => object }

/** Looks up the global provider of each signal at the moment of the flush. */
export const globalProviders = {
  tracerProvider: (): object => trace.getTracerProvider(),
  meterProvider: (): object => metrics.getMeterProvider(),
  loggerProvider: (): object | undefined => globals[LOGS]?.(1) ?? globals[REGISTERED]?.logs,
}

/**
 * Milliseconds that a provider gets beyond the deadline, so that the deadline comes first: a timeout that the provider reports
 * looks like any other failure.
 */
const GRACE_MS = 50

/** Flushes the provider that a lookup finds. Nothing is flushed if the provider has no `forceFlush`. */
export const providerFlush = (name: string, lookup: () => object | undefined): NamedFlush => ({
  name,
  periodic: name === 'meterProvider',
  idle: () => !flushable(lookup).forceFlush,
  flush(told) {
    const provider = flushable(lookup)
    if (!provider.forceFlush) return 'nothing_to_send'
    // `running` lets a span processor of ours behind this provider tell whose spans are meant.
    // Ask for the time that is left only now: that takes a look at the clock, and most programs have no meter.
    const result = running(told.invocation, () => provider.forceFlush?.({ timeoutMillis: told.timeoutMs + GRACE_MS }), true)
    // Ignore what a provider resolves to: only whether it resolves counts.
    return Promise.resolve(result).then(() => {})
  },
})

const flushable = (lookup: () => object | undefined): FlushableProvider => unproxied(lookup() ?? {})

/** The telemetry of a wrap without options: the global providers of traces, metrics and logs. */
export const globalTelemetry: Telemetry = {
  needsProvider: true,
  stages: [
    {
      name: 'providers',
      flushables: Object.entries(globalProviders).map(([name, lookup]) => providerFlush(name, lookup)),
    },
  ],
}
