/**
 * Brings every accepted form of the `telemetry` option into one.
 *
 * @module
 */
import { badOption, invalidOption } from './errors.ts'
import { globalTelemetry } from './globals.ts'
import { hasMethod } from './reading.ts'
import type { Flushable, NamedFlush, Stage, Telemetry } from './types.ts'

/** A stage: one flushable, several that are flushed at the same time, or the stages of a telemetry such as that of `otel()`. */
export type StageInput = Telemetry | Flushable | readonly Flushable[]

/** One stage by itself, or an array of stages, in order. */
export type TelemetryInput = StageInput | readonly StageInput[]

/** Converts any accepted form to a {@link Telemetry}. `undefined` becomes the global providers. */
export function toTelemetry(input: TelemetryInput | undefined): Telemetry {
  if (input === undefined) return globalTelemetry
  if (isTelemetry(input)) return input
  const stages = [input].flat() as StageInput[]
  if (!stages.flat().length) throw invalidOption('telemetry', input, 'at least one flushable')
  const counting = stages.filter((stage): stage is Telemetry => isTelemetry(stage) && !!stage.count)
  // Each `otel()` counts its own spans, and a report has room for one count only.
  if (counting.length > 1) throw badOption('option `telemetry` has more than one `otel()`, which takes several `exporters`')
  return {
    ...counting[0],
    // If one of several telemetries has been shut down, not all of them have.
    ended: undefined,
    stages: stages.flatMap((stage, index): Stage | readonly Stage[] =>
      isTelemetry(stage)
        ? stage.stages
        : {
            name: `stage ${index + 1}`,
            flushables: ([stage].flat() as Flushable[]).map(toNamedFlush),
          },
    ),
  }
}

// A vendor's object may have `stages` too, but not as an array.
const isTelemetry = (input: unknown): input is Telemetry => Array.isArray((input as Partial<Telemetry> | null)?.stages)

/**
 * The methods that flush a flushable, the most reliable first. Langfuse's `flush` does not say when it is over. LangSmith's
 * `flush` leaves behind what is still being put together. An evlog drain's `settled` waits for a timer; its `flush` does not.
 */
const WAYS = ['forceFlush', 'flushAsync', 'awaitPendingTraceBatches', 'flush', 'settled'] as const

type Way = (typeof WAYS)[number]
type Methods = Record<Way, (argument?: unknown) => unknown>

/** A flushable as a function with a name. */
function toNamedFlush(flushable: Flushable): NamedFlush {
  const it = flushable as Methods | null | undefined
  const way = WAYS.find((each) => hasMethod(it, each))
  const isFunction = typeof flushable === 'function'
  const name = (isFunction ? flushable.name : it?.constructor?.name) || 'flush'
  // Look for methods before functions: evlog's drain is a function too, and takes events.
  if (way) return { name, flush: ({ timeoutMs }) => call(it as Methods, way, timeoutMs) }
  if (isFunction) return { name, flush: flushable }
  throw invalidOption('telemetry', flushable, `a flush function, or an object with \`${WAYS.join('` or `')}\``)
}

function call(it: Methods, way: Way, timeoutMs: number): unknown {
  if (way !== 'flush') return it[way]()
  // pino's loggers, destinations and transports take a callback. Sentry and its like take milliseconds, others nothing.
  if (!('isLevelEnabled' in it || 'flushSync' in it)) {
    const flushed = it.flush(timeoutMs)
    // Amplitude's `flush` returns an object that holds the promise.
    return (flushed as { promise?: unknown } | undefined)?.promise ?? flushed
  }
  return new Promise<void>((resolve, reject) => it.flush((error: unknown) => (error ? reject(error) : resolve())))
}
