/** The business is the Worker's: it needs nothing but what the Web has. */
import { type Context, createOrder } from '../../workers/orders/business.ts'

const { SHOP_URL = '', OTLP_ENDPOINT = '' } = process.env

/** Where OTLP/HTTP goes. */
export const tracesUrl = `${OTLP_ENDPOINT}/v1/traces`

/** What Vercel hands to an edge function beside the request. */
export type RequestContext = Context

export const takeOrder = (request: Request, context: RequestContext): Promise<Response> =>
  createOrder(request, { SHOP_URL, OTLP_ENDPOINT }, context)
