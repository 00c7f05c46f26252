/**
 * What the `telemetry` option may be, brought into one form.
 *
 * @module
 */
import { badOption, invalidOption } from './errors.ts'
import { globalTelemetry } from './globals.ts'
import type { Flushable, NamedFlush, Stage, Telemetry } from './types.ts'

/** A stage: one flushable, or several that are flushed at the same time, or the stages of a telemetry, as of `otel()`. */
export type StageInput = Telemetry | Flushable | readonly Flushable[]

/** One of those by itself, or an array of them, in order. */
export type TelemetryInput = StageInput | readonly StageInput[]

/** Any accepted form as a {@link Telemetry}; the global providers where there is none. */
export function toTelemetry(input: TelemetryInput | undefined): Telemetry {
  if (input === undefined) return globalTelemetry
  if (isTelemetry(input)) return input
  const stages = [input].flat() as StageInput[]
  if (!stages.flat().length) throw invalidOption('telemetry', input, 'at least one flushable')
  const counting = stages.filter((stage): stage is Telemetry => isTelemetry(stage) && !!stage.count)
  // Each counts the spans of its own, and the report tells of one account.
  if (counting.length > 1) throw badOption('option `telemetry` has more than one `otel()`, which takes several `exporters`')
  return {
    ...counting[0],
    // One of several that has been shut down is not all of them.
    ended: undefined,
    stages: stages.flatMap((stage, index): Stage | readonly Stage[] =>
      isTelemetry(stage)
        ? stage.stages
        : {
            name: `stage ${index + 1}`,
            // The last stage is the one that ends on the network: exporters stand behind what feeds them.
            network: index + 1 === stages.length,
            flushables: ([stage].flat() as Flushable[]).map(toNamedFlush),
          },
    ),
  }
}

// A vendor's object may have stages too, but then they are no array.
const isTelemetry = (input: unknown): input is Telemetry => Array.isArray((input as Partial<Telemetry> | null)?.stages)

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
  if (!('isLevelEnabled' in it || 'flushSync' in it)) {
    const flushed = it.flush(timeoutMs)
    // Amplitude's is an object that has the promise.
    return (flushed as { promise?: unknown } | undefined)?.promise ?? flushed
  }
  return new Promise<void>((resolve, reject) => it.flush((error: unknown) => (error ? reject(error) : resolve())))
}
