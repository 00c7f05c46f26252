/** Legacy decorators: what compiles, and what does not. Checked by `npm run types`; nothing here is run. */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { Flushed, Telemetry, Traced } from 'flushed/decorators'
import { withTelemetry as lambda } from 'flushed/lambda'
import { expectTypeOf } from 'vitest'

@Telemetry({ wrap: lambda, marginMs: 20, timeoutMs: 1000 })
class Orders {
  tax = 1
  @Flushed() async create(event: APIGatewayProxyEventV2, context: Context): Promise<{ statusCode: number }> {
    return { statusCode: event.body && context.awsRequestId ? this.tax : 400 }
  }
  @Flushed({ wrap: lambda, earlyTimeoutMs: false, attributes: (event: APIGatewayProxyEventV2) => ({ route: event.routeKey }) })
  async change(this: Orders, event: APIGatewayProxyEventV2) {
    return event.body
  }
  @Flushed() static async all<T>(of: T): Promise<T[]> {
    return [of]
  }
  @Traced() price(cents: number): number {
    return cents * this.tax
  }
  @Traced('load') async load(id: string) {
    return id
  }
  @Traced({ attributes: (to: number) => ({ to }) }) *each(to: number) {
    yield to
  }
  @Traced() get total() {
    return 1
  }
  set total(_value: number) {}
}

@Telemetry((env: { TEAM: string }) => ({ attributes: { team: env.TEAM } }))
abstract class Room extends Orders {}
void Room

declare const orders: Orders
expectTypeOf(orders.create).toEqualTypeOf<(event: APIGatewayProxyEventV2, context: Context) => Promise<{ statusCode: number }>>()
expectTypeOf(orders.price).toEqualTypeOf<(cents: number) => number>()
expectTypeOf(Orders.all<string>).returns.resolves.toEqualTypeOf<string[]>()

class Bad {
  // @ts-expect-error -- it would get a promise
  @Flushed() price(cents: number): number {
    return cents
  }
  // @ts-expect-error -- a generator is no handler
  @Flushed() async *each() {
    yield 1
  }
  // @ts-expect-error -- a getter is none either
  @Flushed() get total() {
    return 1
  }
  // @ts-expect-error -- legacy decorators are not told what a field holds
  @Flushed() field = async () => {}
  // @ts-expect-error -- the same
  @Traced() limit = 3
  // @ts-expect-error -- without parentheses
  @Flushed async create() {}
  // @ts-expect-error -- for classes
  @Telemetry({}) async change() {}
  // @ts-expect-error -- for methods
  load(@Traced() _id: string) {}
  // @ts-expect-error -- an option of Lambda's only
  @Flushed({ marginMs: 1 }) async b() {}
}
void Bad

// @ts-expect-error -- for methods
@Flushed() class C {}
// @ts-expect-error -- without parentheses
@Telemetry class G {}
void [C, G]
