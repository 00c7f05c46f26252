/** evlog as its documentation says for Lambda: a logger for each invocation, and a pipeline that is flushed before the response. */
import { createLogger, initLogger } from 'evlog'
import { createOTLPDrain } from 'evlog/otlp'
import { createDrainPipeline } from 'evlog/pipeline'

const drain = createDrainPipeline()(createOTLPDrain({ endpoint: process.env.COLLECTOR, serviceName: 'orders' }))
initLogger({ env: { service: 'orders' }, drain, silent: true })

export async function handler(event, context) {
  const log = createLogger({ requestId: context.awsRequestId, order: event.orderId })
  try {
    for (let child = 0; child < event.children; child++) log.set({ [`step${child}`]: { done: true } })
    return { done: true }
  } finally {
    log.emit()
    await drain.flush()
  }
}
