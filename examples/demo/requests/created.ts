/**
 * How many spans a request creates. Counted where they start, since those that get lost arrive nowhere.
 *
 * @module
 */
import { trace } from '@opentelemetry/api'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { createOrder } from '../../workers/orders/business.ts'
import type { Created } from '../runs.ts'
import { order } from './deployment.ts'

/** Runs the business code here, and adds the span that every handler opens around it. One at a time. */
export async function created(shop: string): Promise<Created> {
  const count = { started: 1, ended: 1 }
  const counter = {
    onStart: () => void count.started++,
    onEnd: () => void count.ended++,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
  const work: Promise<unknown>[] = []
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [counter] }))
  const request = new Request('https://example.com/orders', { method: 'POST', body: JSON.stringify(order) })
  await createOrder(request, { SHOP_URL: shop, OTLP_ENDPOINT: '' }, { waitUntil: (promise) => void work.push(promise) })
  await Promise.all(work)
  trace.disable()
  return count
}
