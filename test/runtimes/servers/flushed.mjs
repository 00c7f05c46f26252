/** The application's telemetry with `flushed`. */
import { otel } from '../../../dist/otel.js'
import { telemetry as onExpress } from '../../../dist/express.js'
import { telemetry as onFastify } from '../../../dist/fastify.js'
import { telemetry as onHono } from '../../../dist/hono.js'
import { waitUntil, withTelemetry } from '../../../dist/node.js'

export function setUp({ exporter, otelOptions, options }) {
  const telemetry = otel({ exporter, ...otelOptions })
  const onFlush = (report) => process.env.REPORTS && process.send?.({ report })
  const all = { telemetry, onFlush, ...options }
  return {
    spanProcessor: telemetry.spanProcessor,
    waitUntil,
    node: (listener) => withTelemetry(listener, all),
    express: onExpress(all),
    hono: onHono(all),
    fastify: Object.assign((instance, _options, done) => onFastify(instance, all, done), { [Symbol.for('skip-override')]: true }),
  }
}
