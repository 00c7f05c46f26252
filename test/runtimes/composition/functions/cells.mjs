// A user's handler, and the two ways to combine its `flushed` wrap with somebody else's wrapper.
import { setTimeout } from 'node:timers/promises'

/**
 * @param deployed the API package and the wrap of one of the two deployments here
 * @param telemetry the option of the wrap
 */
export function kit({ trace, withTelemetry }, telemetry) {
  const onFlush = ({ warnings }) => void (warnings.length > 0 && console.log(`WARNINGS ${JSON.stringify(warnings)}`))
  const options = { telemetry, onFlush }

  const work = async (event, mark) => {
    const tracer = trace.getTracer('orders')
    await tracer.startActiveSpan('charge', async (charge) => {
      await setTimeout(1)
      charge.end()
    })
    tracer.startSpan('left')
    mark(`order ${event.id}`)
  }
  return {
    /** @param mark records the order in the other wrapper's telemetry, from inside the handler */
    order: (mark = () => {}) => async (event) => {
      await work(event, mark)
      if (event.fail) throw new RangeError('out of stock')
      return { id: event.id, item: 'chair' }
    },

    /** The same as a streamed response, which fails half-way if the event says so. */
    streamed: (mark = () => {}) => awslambda.streamifyResponse(async (event, stream) => {
      stream.write(`order ${event.id}: `)
      await work(event, mark)
      if (event.fail) throw new RangeError('out of stock')
      stream.end('chair')
    }),

    /** The cells of one wrapper. Each is a handler. */
    cells: (name, wrapper, handler) => ({
      [`${name} alone`]: wrapper(handler),
      [`${name} inside`]: withTelemetry(wrapper(handler), options),
      [`${name} outside`]: wrapper(withTelemetry(handler, options)),
    }),

    flushed: (handler) => withTelemetry(handler, options),

    options,
  }
}

/** Combines many handlers in one function, because a sandbox takes a second to start. The event says which one to run. */
export function oneOf(cells) {
  for (const [name, { length }] of Object.entries(cells)) {
    if (length > 2) throw new Error(`Node 24's runtime would refuse "${name}": it has ${length} parameters`)
  }
  return (event, context) => {
    const cell = cells[event.cell]
    return cell(event, context)
  }
}

/** The same for streaming handlers. */
export function oneStreamOf(cells) {
  const streaming = Symbol.for('aws.lambda.runtime.handler.streaming')
  for (const [name, handler] of Object.entries(cells)) {
    if (handler[streaming] !== 'response') throw new Error(`The runtime would take "${name}" for a handler that returns its response`)
  }
  return awslambda.streamifyResponse((event, stream, context) => {
    const cell = cells[event.cell]
    return cell(event, stream, context)
  })
}
