/**
 * The providers that an application has registered globally: what is flushed when nothing else is named.
 *
 * @module
 */
import { metrics, trace } from '@opentelemetry/api'
import { running } from './isolate.ts'
import { unproxied } from './span.ts'
import type { NamedFlush, Telemetry } from './types.ts'

/** A provider, as far as it can be flushed. SDK 3.x takes the timeout of one call, 2.x ignores it. */
export interface FlushableProvider {
  forceFlush?(options?: { timeoutMillis?: number }): unknown
}

// Logs are part of the API package from 1.10 on, and found where its copies find each other: an import of them would fail
// in bundles with 1.9, and one of the whole package would have bundles keep all of it. Before, `@opentelemetry/api-logs` had
// a global of its own, which hands out the provider for the interface's version.
const REGISTERED = Symbol.for('opentelemetry.js.api.1')
const LOGS = Symbol.for('io.opentelemetry.js.api.logs')

const globals = globalThis as { [REGISTERED]?: { logs?: object }; [LOGS]?: (version: number) => object }

/** Looks the global provider of each signal up at the moment of the flush. */
export const globalProviders = {
  tracerProvider: (): object => trace.getTracerProvider(),
  meterProvider: (): object => metrics.getMeterProvider(),
  loggerProvider: (): object | undefined => globals[LOGS]?.(1) ?? globals[REGISTERED]?.logs,
}

/** Milliseconds that a provider gets beyond the deadline. What it says of its own timer looks like any other failure. */
const GRACE_MS = 50

/** Flushes what a lookup finds; nothing is flushed where a provider has nothing to flush. */
export const providerFlush = (name: string, lookup: () => object | undefined): NamedFlush => ({
  name,
  periodic: name === 'meterProvider',
  idle: () => !flushable(lookup).forceFlush,
  flush(told) {
    const provider = flushable(lookup)
    if (!provider.forceFlush) return 'nothing_to_send'
    // A span processor of ours behind this provider can thus tell whose spans are meant.
    // The time that is left is asked for only now: to tell it takes a look at the clock, and most programs have no meter.
    const result = running(told.invocation, () => provider.forceFlush?.({ timeoutMillis: told.timeoutMs + GRACE_MS }), true)
    // What a provider resolves to is its own business: only whether it resolves tells.
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
      network: true,
      flushables: Object.entries(globalProviders).map(([name, lookup]) => providerFlush(name, lookup)),
    },
  ],
}
