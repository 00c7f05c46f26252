/**
 * A controller: its methods are handlers. It uses standard decorators, which esbuild and TypeScript compile unless told
 * otherwise. With `experimentalDecorators` it is the same, except for the private methods.
 */
import 'flushed/lambda/register'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { Flushed, Telemetry, Traced, currentInvocation } from 'flushed/decorators'
import { withTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'
import { type Line, Prices } from './prices.ts'

const telemetry = otel({ exporter: new OTLPTraceExporter() })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))

/** The options that the handlers share. `wrap` makes them Lambda handlers. */
@Telemetry({ wrap: withTelemetry, telemetry, timeoutMs: 1000 })
class OrdersController {
  readonly #prices: Prices

  constructor(prices: Prices) {
    this.#prices = prices
  }

  @Flushed({ attributes: { 'app.feature': 'orders' } })
  async create({ body }: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
    let cents = 0
    for await (const each of this.#prices.of(this.#parse(body))) cents += each
    currentInvocation()?.root.setAttribute('order.cents', cents)
    return { statusCode: 201, body: JSON.stringify({ cents }) }
  }

  /** Stays synchronous. An error that it throws is on its span, and on the root. */
  @Traced('parse order')
  #parse(body = ''): readonly Line[] {
    const { lines } = JSON.parse(body) as { lines: readonly Line[] }
    return lines
  }
}

const orders = new OrdersController(new Prices())

export const handler = orders.create.bind(orders)
