/**
 * What the `telemetry` option may be, brought into one form.
 *
 * @module
 */
import { invalidOption } from './errors.ts'
import { globalTelemetry } from './globals.ts'
import type { Flushable, NamedFlush, Telemetry } from './types.ts'

/** What is flushed at the same time: one flushable, or several. */
export type StageInput = Flushable | readonly Flushable[]

/** One flushable, or an array of stages in which each element is a flushable or an array of them. */
export type TelemetryInput = Telemetry | Flushable | readonly StageInput[]

/** Any accepted form as a {@link Telemetry}; the global providers where there is none. */
export function toTelemetry(input: TelemetryInput | undefined): Telemetry {
  if (input === undefined) return globalTelemetry
  // A vendor's object may have stages too, but then they are no array.
  if (Array.isArray((input as Partial<Telemetry> | null)?.stages)) return input as Telemetry
  const stages = [input].flat() as StageInput[]
  if (stages.length === 0) throw invalidOption('telemetry', input, 'at least one flushable')
  return {
    stages: stages.map((stage, index) => ({
      name: `stage ${index + 1}`,
      // The last stage is the one that ends on the network: exporters stand behind what feeds them.
      network: index + 1 === stages.length,
      flushables: ([stage].flat() as Flushable[]).map(toNamedFlush),
    })),
  }
}

/**
 * How flushables are flushed, what is surest first: Langfuse's `flush` tells nobody when it is over, LangSmith's leaves
 * behind what is still being put together, and an evlog drain's `settled` waits for a timer that its `flush` does not.
 */
const WAYS = ['forceFlush', 'flushAsync', 'awaitPendingTraceBatches', 'flush', 'settled'] as const

type Way = (typeof WAYS)[number]
type Methods = Record<Way, (argument?: unknown) => unknown>

/** A flushable as a function with a name. */
function toNamedFlush(flushable: Flushable): NamedFlush {
  const it = flushable as Methods | null | undefined
  const way = WAYS.find((name) => typeof it?.[name] === 'function')
  const isFunction = typeof flushable === 'function'
  const name = (isFunction ? flushable.name : it?.constructor?.name) || 'flush'
  // Before the functions: evlog's drain is one too, and takes events.
  if (way) return { name, flush: ({ timeoutMs }) => call(it as Methods, way, timeoutMs) }
  if (isFunction) return { name, flush: flushable }
  throw invalidOption('telemetry', flushable, `a flush function, or an object with \`${WAYS.join('` or `')}\``)
}

function call(it: Methods, way: Way, timeoutMs: number): unknown {
  if (way !== 'flush') return it[way]()
  // pino's loggers, destinations and transports take a callback. Sentry and its like take milliseconds, others nothing.
  if (!('isLevelEnabled' in it || 'flushSync' in it)) return it.flush(timeoutMs)
  return new Promise<void>((resolve, reject) => it.flush((error: unknown) => (error ? reject(error) : resolve())))
}
