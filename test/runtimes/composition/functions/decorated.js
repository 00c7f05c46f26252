// Powertools' decorators on a method, with ours above and below. They are legacy decorators only, which the test compiles.
import { Flushed } from 'flushed/decorators'
import { withTelemetry } from 'flushed/lambda'
import { oneOf } from './cells.mjs'
import { logger, marks, metrics, tracer } from './powertools.mjs'
import { options, order } from './setup.mjs'

const wrapped = Flushed({ wrap: withTelemetry, ...options })
const plain = () => {}

function decorated(theirs, handle, above, below) {
  class Orders {
    handle = handle

    @above
    @theirs
    @below
    async handler(event) {
      return this.handle(event)
    }
  }
  const orders = new Orders()
  return orders.handler.bind(orders)
}

const cells = (name, theirs, handle) => ({
  [`${name} alone`]: decorated(theirs, handle, plain, plain),
  [`${name} inside`]: decorated(theirs, handle, wrapped, plain),
  [`${name} outside`]: decorated(theirs, handle, plain, wrapped),
})

export const handler = oneOf({
  ...cells('tracer', tracer.captureLambdaHandler(), order(marks.tracer)),
  ...cells('metrics', metrics.logMetrics(), order(marks.metrics)),
  ...cells('logger', logger.injectLambdaContext(), order(marks.logger)),
})
