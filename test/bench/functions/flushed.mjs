/** `flushed` as in the README, with the flush before the response. */
import { otel } from '../../../dist/otel.js'
import { withTelemetry } from '../../../dist/lambda.js'
import { orders } from './orders.mjs'
import { exporter, register } from './sdk.mjs'

const telemetry = otel({ exporter: exporter() })
register(telemetry.spanProcessor)

export const handler = withTelemetry(orders, { telemetry })
