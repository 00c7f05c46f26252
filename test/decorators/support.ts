/** Fake contexts of the platforms, an error to fail with, and what gets and finds the spans of an invocation. */
import { withTelemetry } from 'flushed'
import { pipeline } from '../support/sdk.ts'

export const failure = new RangeError('no such order')

/** A fake platform context that keeps the promises passed to its `waitUntil`. */
export const keeping = (more: object = {}) => {
  const work: Promise<unknown>[] = []
  return { ...more, work, waitUntil: (promise: Promise<unknown>) => void work.push(promise) }
}

/** A fake context of Lambda, with this much time left. */
export const onLambda = (leftMs = 10_000) => ({ awsRequestId: 'r-1', getRemainingTimeInMillis: () => leftMs })

/** Runs a function in an invocation. @returns the spans of that invocation */
export async function spansOf(run: () => unknown) {
  const { exporter, telemetry } = pipeline()
  await withTelemetry(async () => run(), { telemetry, name: 'root' })()
  return exporter.spans
}

export const named = <S extends { name: string }>(spans: readonly S[], name: string): S => {
  const found = spans.find((each) => each.name === name)
  if (!found) throw new Error(`no span ${name} among ${spans.map((each) => each.name).join()}`)
  return found
}

export const parentOf = (each: { parentSpanContext?: { spanId: string } | undefined }) => each.parentSpanContext?.spanId
