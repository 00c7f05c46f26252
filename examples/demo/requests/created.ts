import { createOrder } from '../../workers/orders/business.ts'
import { type Created, createdBy } from '../created.ts'
import { order } from './deployment.ts'

/** How many spans a request creates, that of its handler included. One at a time. */
export const created = (shop: string): Promise<Created> =>
  createdBy(async () => {
    const work: Promise<unknown>[] = []
    const request = new Request('https://example.com/orders', { method: 'POST', body: JSON.stringify(order) })
    await createOrder(request, { SHOP_URL: shop, OTLP_ENDPOINT: '' }, { waitUntil: (promise) => void work.push(promise) })
    await Promise.all(work)
  })
