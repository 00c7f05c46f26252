/** Specifies the types of legacy decorators: what compiles, and what does not. `npm run types` checks this file; nothing in it runs. */
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
  // @ts-expect-error -- callers would get a promise instead of a number
  @Flushed() price(cents: number): number {
    return cents
  }
  // @ts-expect-error -- a generator is not a handler
  @Flushed() async *each() {
    yield 1
  }
  // @ts-expect-error -- a getter is not a handler
  @Flushed() get total() {
    return 1
  }
  // @ts-expect-error -- legacy decorators are not told what a field holds
  @Flushed() field = async () => {}
  // @ts-expect-error -- as above: the decorator is not told what the field holds
  @Traced() limit = 3
  // @ts-expect-error -- without parentheses
  @Flushed async create() {}
  // @ts-expect-error -- `@Telemetry` decorates classes only
  @Telemetry({}) async change() {}
  // @ts-expect-error -- `@Traced` does not decorate parameters
  load(@Traced() _id: string) {}
  // @ts-expect-error -- `marginMs` is an option of `flushed/lambda` only
  @Flushed({ marginMs: 1 }) async b() {}
}
void Bad

// @ts-expect-error -- `@Flushed` does not decorate classes
@Flushed() class C {}
// @ts-expect-error -- without parentheses
@Telemetry class G {}
void [C, G]
