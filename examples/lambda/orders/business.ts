/**
 * The function's business logic: it takes an order. The same code runs behind every handler in this folder. It knows
 * OpenTelemetry's API only, not who sends its spans.
 *
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

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
export async function createOrder(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const order = await traced('validate order', () => parse(event))
  if (order === undefined) return respond(400, { message: 'An order has a customer and at least one line' })
  const [total] = await Promise.all([priceOf(order), checkFraud(order)])
  const charge = await chargeCard(order, total)
  const id = await save(charge)
  return respond(201, { id, total, charge })
}

async function parse({ body = '{}' }: APIGatewayProxyEventV2): Promise<Order | undefined> {
  await wait(3)
  const { customer, lines = [] } = JSON.parse(body) as Partial<Order>
  return customer === undefined || lines.length === 0 ? undefined : { customer, lines }
}

const priceOf = (order: Order) =>
  traced('look up prices', async () => {
    const prices = await Promise.all(order.lines.map(({ sku, quantity }) => price(sku, quantity)))
    return prices.reduce((sum, each) => sum + each, 0)
  })

const price = (sku: string, quantity: number) =>
  traced('GET /prices', () => wait(10 + (sku.length % 5) * 3, quantity * 499), { 'order.sku': sku }, SpanKind.CLIENT)

/** The early return leaves its span open: a small mistake that nobody notices. */
async function checkFraud({ customer }: Order): Promise<boolean> {
  const span = tracer.startSpan('check fraud', { attributes: { 'order.customer': customer } })
  await wait(8)
  if (customer.startsWith('known-')) return true
  await wait(20)
  span.end()
  return true
}

const chargeCard = (order: Order, total: number) =>
  traced('charge card', async () => {
    await wait(2)
    return traced('POST /charges', () => wait(22, `ch_${order.customer}_${total}`), {}, SpanKind.CLIENT)
  })

const save = (charge: string) =>
  traced('INSERT orders', () => wait(9, `order_${charge.length}`), { 'db.system.name': 'postgresql' }, SpanKind.CLIENT)

function respond(statusCode: number, body: unknown): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
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
