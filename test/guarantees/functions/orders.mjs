// Five child spans, of which two, one below the other, are left open.
import { withTelemetry } from 'flushed/lambda'
import { telemetry, tracer } from './setup.mjs'

const options = { telemetry, timeoutMs: Number(process.env.TIMEOUT_MS ?? 2000) }

async function order() {
  tracer.startActiveSpan('validate', (validate) => validate.end())
  await tracer.startActiveSpan('charge', async (charge) => {
    await Promise.resolve()
    tracer.startActiveSpan('bank', (bank) => bank.end())
    charge.end()
  })
  tracer.startActiveSpan('ship', () => tracer.startSpan('label'))
}

export const handler = withTelemetry(async (event) => {
  await order()
  return { id: event.id }
}, options)

export const throws = withTelemetry(() => {
  tracer.startActiveSpan('ship', () => tracer.startSpan('label'))
  throw new RangeError('out of stock')
}, options)

export const rejectsUndefined = withTelemetry(async () => {
  await order()
  return Promise.reject(undefined)
}, options)

export const returnsValue = withTelemetry((event) => {
  tracer.startSpan('left')
  return { id: event.id }
}, options)
