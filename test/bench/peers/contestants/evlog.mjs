/** evlog: one event for each invocation, with a field for each child span that the others have. */
import { createLogger, initLogger } from 'evlog'
import { createOTLPDrain } from 'evlog/otlp'
import { createDrainPipeline } from 'evlog/pipeline'
import { exported } from '../../exported.mjs'

const noop = async (events) => {
  exported.spans += events.length
}

/** @type {import('../../contestant.mjs').Create} */
export function create({ mode, url }) {
  const send = mode === 'collector' ? createOTLPDrain({ endpoint: new URL(url).origin, serviceName: 'orders' }) : noop
  const drain = createDrainPipeline()(send)
  initLogger({ env: { service: 'orders' }, drain, silent: true, ...(mode === 'unsampled' ? { sampling: { rates: { info: 0 } } } : {}) })
  return async (event, context) => {
    const log = createLogger({ requestId: context.awsRequestId })
    try {
      for (let child = 0; child < event.children; child++) log.set({ [`step${child}`]: { done: true } })
      return { orderId: event.orderId, done: true }
    } finally {
      log.emit()
      await drain.flush()
    }
  }
}
