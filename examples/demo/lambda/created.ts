/**
 * How many spans a request creates. Counted where they start, since those that get lost arrive nowhere.
 *
 * @module
 */
import { trace } from '@opentelemetry/api'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { createOrder } from '../../lambda/orders/business.ts'
import type { Created } from '../runs.ts'

const count = { started: 0, ended: 0 }
const counter = {
  onStart: () => void count.started++,
  onEnd: () => void count.ended++,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
}
const provider = new TracerProvider({ spanProcessors: [counter] })

/** Runs the business code here, and adds the span that every handler opens around it. One at a time. */
export async function created(event: APIGatewayProxyEventV2): Promise<Created> {
  trace.setGlobalTracerProvider(provider)
  Object.assign(count, { started: 1, ended: 1 })
  await createOrder(event)
  trace.disable()
  return { ...count }
}
