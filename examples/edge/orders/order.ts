/** The business logic is the Worker's: it needs only Web APIs. */
import { type Context, createOrder } from '../../workers/orders/business.ts'

const { SHOP_URL = '', OTLP_ENDPOINT = '' } = process.env

/** Where OTLP/HTTP goes. */
export const tracesUrl = `${OTLP_ENDPOINT}/v1/traces`

/** What Vercel passes to an edge function beside the request. */
export type RequestContext = Context

export const takeOrder = (request: Request, context: RequestContext): Promise<Response> =>
  createOrder(request, { SHOP_URL, OTLP_ENDPOINT }, context)
