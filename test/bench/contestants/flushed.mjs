/** This package, as built. It registers a context manager itself. */
import { withTelemetry } from '../../../dist/lambda.js'
import { otel } from '../../../dist/otel.js'
import { register } from '../setup.mjs'
import { handler } from '../workload.mjs'

/** @type {import('../contestant.mjs').Create} */
export function create({ mode, exporter }) {
  const telemetry = otel({ exporter })
  register(mode, telemetry.spanProcessor)
  return withTelemetry(handler, { telemetry })
}
