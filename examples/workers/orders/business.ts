/**
 * The Worker's business logic: it takes an order, answers, and writes an audit. The same code runs behind every handler in
 * this folder. It knows OpenTelemetry's API only, not who sends its spans.
 *
 * @module
 */
import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

/** What `wrangler.jsonc` binds. */
export interface Env {
  /** The shop's other services. */
  SHOP_URL: string
  /** Where OTLP/HTTP goes. */
  OTLP_ENDPOINT: string
}

/** The part of an `ExecutionContext` that is used here. */
export interface Context {
  waitUntil(promise: Promise<unknown>): void
}

interface OrderLine {
  sku: string
  quantity: number
}

interface Order {
  customer: string
  lines: OrderLine[]
}

const tracer = trace.getTracer('orders')

/** Answers `POST /orders`. */
export async function createOrder(request: Request, env: Env, ctx: Context): Promise<Response> {
  const shop = shopAt(env.SHOP_URL)
  const order = await traced('validate order', () => parse(request))
  if (order === undefined) return Response.json({ message: 'An order has a customer and at least one line' }, { status: 400 })
  const [total] = await Promise.all([priceOf(shop, order), checkFraud(shop, order)])
  const charge = await chargeCard(shop, order, total)
  const { id } = await save(shop, order, charge)
  // The customer need not wait for the books to be kept.
  ctx.waitUntil(traced('audit', () => shop('POST', '/audits', { id, total })))
  return Response.json({ id, total, charge }, { status: 201 })
}

type Shop = <T>(method: 'GET' | 'POST', path: string, body?: unknown) => Promise<T>

const shopAt =
  (url: string): Shop =>
  async <T>(method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url}${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`)
    return (await response.json()) as T
  }

async function parse(request: Request): Promise<Order | undefined> {
  const { customer, lines = [] } = (await request.json()) as Partial<Order>
  return customer === undefined || lines.length === 0 ? undefined : { customer, lines }
}

const priceOf = (shop: Shop, order: Order) =>
  traced('look up prices', async () => {
    const prices = await Promise.all(order.lines.map(({ sku, quantity }) => price(shop, sku, quantity)))
    return prices.reduce((sum, each) => sum + each, 0)
  })

const price = (shop: Shop, sku: string, quantity: number) => {
  const ask = async () => (await shop<{ cents: number }>('GET', `/prices/${sku}`)).cents * quantity
  return traced('GET /prices', ask, { 'order.sku': sku }, SpanKind.CLIENT)
}

/** The early return leaves its span open: a small mistake that nobody notices. */
async function checkFraud(shop: Shop, { customer }: Order): Promise<boolean> {
  const span = tracer.startSpan('check fraud', { attributes: { 'order.customer': customer } })
  if (customer.startsWith('known-')) return true
  const { sound } = await shop<{ sound: boolean }>('GET', `/customers/${customer}`)
  span.end()
  return sound
}

const chargeCard = (shop: Shop, { customer }: Order, cents: number) =>
  traced('charge card', () =>
    traced('POST /charges', async () => (await shop<{ id: string }>('POST', '/charges', { customer, cents })).id, {}, SpanKind.CLIENT),
  )

const save = (shop: Shop, order: Order, charge: string) => {
  const insert = () => shop<{ id: string }>('POST', '/orders', { ...order, charge })
  return traced('INSERT orders', insert, { 'db.system.name': 'postgresql' }, SpanKind.CLIENT)
}

function traced<T>(name: string, work: () => Promise<T>, attributes: Attributes = {}, kind = SpanKind.INTERNAL) {
  return tracer.startActiveSpan(name, { attributes, kind }, async (span: Span) => {
    try {
      return await work()
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
      throw error
    } finally {
      span.end()
    }
  })
}
