import 'flushed/lambda/register/shutdown-only'
import { stages } from 'flushed'
import { withTelemetry } from 'flushed/lambda'
import { createMonitoring } from '../../support/monitoring.ts'

const { tracer, metrics, exporter } = createMonitoring({ endpoint: process.env.ENDPOINT })
const telemetry =
  process.env.CASCADE === 'false' ? stages([tracer, metrics], exporter, { cascade: false }) : stages([tracer, metrics], exporter)

export const handler = withTelemetry(
  async () => {
    tracer.startSpan('order').end()
    metrics.count('orders')
  },
  { telemetry },
)
