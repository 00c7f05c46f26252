/**
 * What the `telemetry` option may be, brought into one form.
 *
 * @module
 */
import { invalidOption } from './errors.ts'
import { globalTelemetry } from './globals.ts'
import type { Flushable, NamedFlush, Stage, Telemetry } from './types.ts'

/** One flushable, or an array of stages in which each element is a flushable or an array of them. */
export type TelemetryInput = Telemetry | Flushable | readonly (Flushable | readonly Flushable[])[]

/** Any accepted form as a {@link Telemetry}; the global providers where there is none. */
export function toTelemetry(input: TelemetryInput | undefined): Telemetry {
  if (input === undefined) return globalTelemetry
  if (isTelemetry(input)) return input
  const stages = Array.isArray(input) ? (input as readonly (Flushable | readonly Flushable[])[]) : [input as Flushable]
  if (stages.length === 0) throw invalidOption('telemetry', input, 'at least one flushable')
  return { stages: stages.map((stage, index) => toStage(stage, index, index === stages.length - 1)) }
}

// A telemetry has stages of its own; so may a vendor's object, but then it has no way to flush that comes first.
const isTelemetry = (input: unknown): input is Telemetry =>
  typeof input === 'object' && input !== null && 'stages' in input && Array.isArray(input.stages)

// The last stage is the one that ends on the network: exporters stand behind what feeds them.
const toStage = (stage: Flushable | readonly Flushable[], index: number, network: boolean): Stage => {
  const flushables = (Array.isArray(stage) ? stage : [stage]) as readonly Flushable[]
  return { name: `stage ${index + 1}`, network, flushables: flushables.map(toNamedFlush) }
}

/** A flushable as a function with a name. */
export function toNamedFlush(flushable: Flushable): NamedFlush {
  if (typeof flushable === 'function') return { name: flushable.name || 'flush', flush: flushable }
  if (typeof flushable === 'object' && flushable !== null) {
    const name = flushable.constructor?.name ?? 'Object'
    if ('forceFlush' in flushable && typeof flushable.forceFlush === 'function') {
      return { name, flush: () => flushable.forceFlush() }
    }
    if ('flush' in flushable && typeof flushable.flush === 'function') {
      return { name, flush: ({ timeoutMs }) => flushable.flush(timeoutMs) }
    }
  }
  throw invalidOption('telemetry', flushable, 'a flush function, or an object with `forceFlush` or `flush`')
}
