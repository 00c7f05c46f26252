/** `flushed` as in the README. */
import { otel } from '../../../dist/otel.js'
import { withTelemetry } from '../../../dist/workers.js'
import { orders } from './orders.mjs'
import { exporterFor, register } from './sdk.mjs'

function telemetryFor(env) {
  const telemetry = otel({ exporter: exporterFor(env) })
  register(telemetry.spanProcessor)
  return telemetry
}

export default withTelemetry({ fetch: orders }, (env) => ({ telemetry: telemetryFor(env), logger: false }))
