/** Specifies the types of standard decorators: what compiles, and what does not. `npm run types` checks this file; nothing in it runs. */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { Flushed, Telemetry, Traced } from 'flushed/decorators'
import { withTelemetry as edge } from 'flushed/edge'
import { withTelemetry as lambda } from 'flushed/lambda'
import { withTelemetry as workers } from 'flushed/workers'
import { SpanKind } from '@opentelemetry/api'
import { expectTypeOf } from 'vitest'

interface Env {
  TEAM: string
}

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
  @Flushed({ wrap: workers, streamIdleMs: 5 }) async fetch(request: Request): Promise<Response> {
    return new Response(request.body)
  }
  @Flushed({ wrap: edge, route: '/orders' }) get = async (request: Request): Promise<Response> => new Response(request.body)
  @Flushed({ context: (_event: unknown, context: Context) => context }) accessor later = async (id: string) => id
  @Flushed() static async all<T>(of: T): Promise<T[]> {
    return [of]
  }
  @Flushed() thenable(): PromiseLike<string> {
    return Promise.resolve('')
  }
  @Flushed() async #check(id: string) {
    return id
  }

  @Traced() price(cents: number): number {
    void this.#check('')
    return cents * this.tax
  }
  @Traced('load') async load(id: string) {
    return id
  }
  @Traced({ name: 'each', kind: SpanKind.CLIENT, attributes: (to: number) => ({ to }) }) *each(to: number) {
    yield to
  }
  @Traced() get total() {
    return 1
  }
  @Traced() set total(_value: number) {}
  @Traced() parse = (text: string): number => Number(text)
  @Traced() accessor print = (value: number): string => String(value)
}

@Telemetry((env: Env) => ({ attributes: { team: env.TEAM } }))
abstract class Room extends Orders {}
@Telemetry(({ TEAM }: Env) => ({ wrap: workers, streamIdleMs: 5, attributes: { team: TEAM } }))
abstract class Lobby extends Room {}
void Lobby

// Decorators do not change the types of what they decorate.
declare const orders: Orders
expectTypeOf(orders.create).toEqualTypeOf<(event: APIGatewayProxyEventV2, context: Context) => Promise<{ statusCode: number }>>()
expectTypeOf(orders.change).thisParameter.toEqualTypeOf<Orders>()
expectTypeOf(Orders.all<string>).returns.resolves.toEqualTypeOf<string[]>()
expectTypeOf(orders.price).toEqualTypeOf<(cents: number) => number>()
expectTypeOf(orders.each).returns.toEqualTypeOf<Generator<number, void, unknown>>()
expectTypeOf(orders.total).toBeNumber()
expectTypeOf(orders.parse).toEqualTypeOf<(text: string) => number>()

class Bad {
  // @ts-expect-error -- callers would get a promise instead of a number: `Type 'number' is not assignable to type 'PromiseLike<unknown>'`
  @Flushed() price(cents: number): number {
    return cents
  }
  // @ts-expect-error -- a generator is not a handler
  @Flushed() async *each() {
    yield 1
  }
  // @ts-expect-error -- a getter is not a handler
  @Flushed() get total() {
    return Promise.resolve(1)
  }
  // @ts-expect-error -- the field does not hold a function
  @Flushed() limit = 3
  // @ts-expect-error -- the function in the field returns no promise
  @Flushed() parse = (text: string) => Number(text)
  // @ts-expect-error -- the field does not hold a function
  @Traced() max = 3
  // @ts-expect-error -- the field does not hold a function
  @Traced() accessor min = 3
  // @ts-expect-error -- without parentheses
  @Flushed async create() {}
  // @ts-expect-error -- without parentheses
  @Traced async load() {}
  // @ts-expect-error -- `@Telemetry` decorates classes only
  @Telemetry({}) async change() {}
  // @ts-expect-error -- a typo
  @Flushed({ timoutMs: 1 }) async a() {}
  // @ts-expect-error -- `marginMs` is an option of `flushed/lambda` only
  @Flushed({ marginMs: 1 }) async b() {}
  // @ts-expect-error -- a typo in an option of `flushed/lambda`
  @Flushed({ wrap: lambda, marginM: 1 }) async c() {}
  // @ts-expect-error -- milliseconds are a number
  @Flushed({ wrap: lambda, marginMs: '1' }) async d() {}
  // @ts-expect-error -- `route` is an option for requests only, not one of `flushed/lambda`
  @Flushed({ wrap: lambda, route: '/' }) async e() {}
  // @ts-expect-error -- not a `SpanKind`
  @Traced({ kind: 'client' }) f() {}
}
void Bad

// @ts-expect-error -- `@Flushed` and `@Traced` do not decorate classes
@Flushed() class C {}
// @ts-expect-error -- `@Flushed` and `@Traced` do not decorate classes
@Traced() class D {}
// @ts-expect-error -- a name belongs to a method, not to a class
@Telemetry({ name: 'orders' }) class E {}
// @ts-expect-error -- a typo in an option of `flushed/lambda`
@Telemetry({ wrap: lambda, marginM: 1 }) class H {}
// @ts-expect-error -- `marginMs` is an option of `flushed/lambda` only
@Telemetry({ marginMs: 1 }) class I {}
// @ts-expect-error -- without options
@Telemetry() class F {}
// @ts-expect-error -- without parentheses
@Telemetry class G {}
void [C, D, E, F, G, H, I]

// Classes with a private or protected constructor.
@Telemetry({ timeoutMs: 100 })
class Single {
  private constructor() {}
  static readonly it = new Single()
}
@Telemetry({ timeoutMs: 100 })
abstract class Base {
  protected constructor(readonly name: string) {}
}
void [Single.it, Base]
