import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import { Tracer } from '@aws-lambda-powertools/tracer'

export const tracer = new Tracer({ serviceName: 'orders' })
export const metrics = new Metrics({ namespace: 'orders', serviceName: 'orders' })
export const logger = new Logger({ serviceName: 'orders' })

/** How an order is recorded in each. */
export const marks = {
  tracer: (mark) => tracer.putAnnotation('mark', mark),
  metrics(mark) {
    metrics.addMetric('orders', 'Count', 1)
    metrics.addMetadata('mark', mark)
  },
  logger: (mark) => logger.info(mark),
}
