/**
 * How many spans a request creates. They are counted where they start, because lost spans arrive nowhere.
 *
 * @module
 */
import { trace } from '@opentelemetry/api'
import { TracerProvider } from '@opentelemetry/sdk-trace'

/** Spans that were started, and those of them that were ended. */
export interface Created {
  readonly started: number
  readonly ended: number
}

const count = { started: 0, ended: 0 }
const counter = {
  onStart: () => void count.started++,
  onEnd: () => void count.ended++,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
}
// Registered for good: the tracers of the business code keep the first provider there is.
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [counter] }))

/** Runs business code here, and adds the span that every handler opens around it. One at a time. */
export async function createdBy(business: () => Promise<unknown>): Promise<Created> {
  Object.assign(count, { started: 1, ended: 1 })
  await business()
  return { ...count }
}
