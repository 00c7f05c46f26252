/** Specifies what compiles, and what does not. `npm run types` checks this file; nothing in it runs. */
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyResultV2,
  Callback,
  Context,
  Handler,
  SQSBatchResponse,
  SQSEvent,
  SQSHandler,
} from 'aws-lambda'
import { type Layer, type Telemetry, adopt, currentInvocation, identity, layer, span, stack, stages, telemetry, withTelemetry } from 'flushed'
import { type LambdaOptions, withTelemetry as lambda, telemetry as lambdaLayer } from 'flushed/lambda'
import { otel } from 'flushed/otel'
import * as sdk3 from '@opentelemetry/sdk-trace'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { expectTypeOf } from 'vitest'

declare const event: APIGatewayProxyEventV2
declare const context: Context

// A wrapped handler has the handler's type.
const typed = async (e: APIGatewayProxyEventV2, c: Context): Promise<APIGatewayProxyResultV2> => ({ body: e.body ?? c.awsRequestId })
expectTypeOf(lambda(typed)).toEqualTypeOf<typeof typed>()
expectTypeOf(withTelemetry(typed)).toEqualTypeOf<typeof typed>()
expectTypeOf(lambdaLayer()(typed)).toEqualTypeOf<typeof typed>()

// The platform's own handler types survive, with everything they allow.
declare const sqs: SQSHandler
declare const plain: Handler<{ id: number }, string>
expectTypeOf(lambda(sqs)).toEqualTypeOf<SQSHandler>()
expectTypeOf(lambda(plain)).toEqualTypeOf<Handler<{ id: number }, string>>()
const handler: SQSHandler = lambda(async (e: SQSEvent): Promise<SQSBatchResponse> => ({ batchItemFailures: e.Records.map(() => ({ itemIdentifier: '' })) }))
expectTypeOf(handler).parameter(0).toEqualTypeOf<SQSEvent>()

// The event is inferred from where the handler goes.
const contextual: (e: APIGatewayProxyEventV2) => Promise<string> = lambda(async (e: APIGatewayProxyEventV2) => e.rawPath)
expectTypeOf(contextual).returns.resolves.toBeString()

// Generics, overloads, `this` and properties survive.
const generic = async <T>(value: T): Promise<T> => value
expectTypeOf(withTelemetry(generic)<'x'>).returns.resolves.toEqualTypeOf<'x'>()
const withProperties = Object.assign(async () => 1, { config: { runtime: 'edge' as const } })
expectTypeOf(withTelemetry(withProperties).config.runtime).toEqualTypeOf<'edge'>()
const method = async function (this: { tax: number }, amount: number) {
  return amount * this.tax
}
expectTypeOf(withTelemetry(method)).thisParameter.toEqualTypeOf<{ tax: number }>()

// A handler that returns no promise returns one once wrapped.
expectTypeOf(withTelemetry((x: number) => x * 2)).toEqualTypeOf<(this: unknown, x: number) => Promise<number>>()

const withOwn = withTelemetry(Object.assign((x: number) => x * 2, { config: { runtime: 'edge' as const } }))
expectTypeOf(withOwn.config.runtime).toEqualTypeOf<'edge'>()
expectTypeOf(withOwn(2)).resolves.toBeNumber()
const ofCallback = (_e: object, _c: Context, done: Callback<number>) => done(null, 1)
expectTypeOf(lambda(Object.assign(ofCallback, { config: 'edge' as const })).config).toEqualTypeOf<'edge'>()

// Options know the handler's arguments.
lambda(typed, { attributes: (e, c) => ({ route: e.routeKey, id: c.awsRequestId }), marginMs: 10 })
// They also know the arguments that Lambda passes beyond those the handler declares.
lambda(async (_e: SQSEvent) => {}, { attributes: (e, c: Context) => ({ count: e.Records.length, id: c.awsRequestId }) })
lambda(async (_e?: SQSEvent) => {}, { attributes: (e, c: Context) => ({ count: e?.Records.length ?? 0, id: c.awsRequestId }) })
// This also works through a wrapper of your own.
export const instrumented = <H extends (...args: never[]) => Promise<unknown>>(given: H, options?: LambdaOptions<Parameters<H>>) => lambda(given, options)
// @ts-expect-error -- the event has no such property, however many arguments there are
lambda(async (_e: SQSEvent) => {}, { attributes: (e, c: Context) => ({ count: e.nope, id: c.awsRequestId }) })
// @ts-expect-error -- the event has no such property
lambda(typed, { attributes: (e) => ({ route: e.nope }) })
// @ts-expect-error -- a typo
lambda(typed, { timoutMs: 100 })
// @ts-expect-error -- milliseconds are a number
lambda(typed, { timeoutMs: '100' })
// @ts-expect-error -- `marginMs` is an option of `flushed/lambda` only
withTelemetry(typed, { marginMs: 100 })
// @ts-expect-error -- there is no such mode
withTelemetry(typed, { flush: 'sometimes' })
// @ts-expect-error -- not a function
withTelemetry({ fetch: typed })
// @ts-expect-error -- called with the wrong event
void lambda(typed)('event', context)
// @ts-expect-error -- called without the context
void lambda(typed)(event)

// A callback-style handler becomes an asynchronous one: its promise resolves to what its callback takes.
const callbackStyle = (_e: { id: number }, _c: Context, done: Callback<string>) => done(null, 'done')
expectTypeOf(lambda(callbackStyle)).toEqualTypeOf<(this: unknown, event: { id: number }, context: Context) => Promise<string>>()
expectTypeOf(lambdaLayer()(callbackStyle)).returns.resolves.toBeString()
// `null` may be the handler's own answer; `undefined` only means that a callback's result may be left out.
const finds = (_e: object, _c: Context, done: Callback<{ id: number } | null>) => done(null, null)
expectTypeOf(lambda(finds)).returns.resolves.toEqualTypeOf<{ id: number } | null>()
const promised: Handler<{ id: number }, string> = lambda(callbackStyle)
expectTypeOf(promised).returns.extract<Promise<unknown>>().resolves.toBeString()
// @ts-expect-error -- once wrapped, it returns a promise and takes no callback
void lambda(callbackStyle)({ id: 1 }, context, () => {})

// Streaming handlers keep their type, in either order.
const streaming = async (_e: { id: number }, stream: awslambda.HttpResponseStream, c: Context) => void stream.end(c.awsRequestId)
expectTypeOf(lambda(streaming)).toEqualTypeOf<typeof streaming>()
const streamified = awslambda.streamifyResponse(streaming)
expectTypeOf(awslambda.streamifyResponse(lambda(streaming))).toEqualTypeOf<typeof streamified>()
expectTypeOf(lambda(streamified)).parameters.toEqualTypeOf<Parameters<typeof streamified>>()
expectTypeOf(lambda((_e: object, stream: awslambda.HttpResponseStream): void => void stream.end())).returns.toEqualTypeOf<Promise<void>>()

// Telemetry is an `otel()`, a flushable, a function, or stages of these.
const exporter = new OTLPTraceExporter()
const pipe = otel({ exporter, exporters: [new sdk3.ConsoleSpanExporter(), new sdk3.InMemorySpanExporter()] })
withTelemetry(typed, { telemetry: pipe })
withTelemetry(typed, { telemetry: new sdk3.TracerProvider() })
withTelemetry(typed, { telemetry: [[new sdk3.TracerProvider()], exporter] })
withTelemetry(typed, { telemetry: async ({ timeoutMs, signal }) => signal.aborted || timeoutMs > 0 })
// @ts-expect-error -- nothing to flush
withTelemetry(typed, { telemetry: { export: () => {} } })
// @ts-expect-error -- not an exporter
otel({ exporter: {} })

// `stages()` takes flushables, or arrays of them, and last how to flush them.
expectTypeOf(stages([new sdk3.TracerProvider(), new sdk3.TracerProvider()], exporter)).toEqualTypeOf<Telemetry>()
withTelemetry(typed, { telemetry: stages(exporter, { cascade: false }) })
stages({ flushAsync: async () => [] }, { awaitPendingTraceBatches: async () => {} }, { settled: async () => {} })
stages({ flush: (timeout?: number) => timeout }, { flush: async () => true })
stages({ flush: (callback?: (error?: Error) => void) => callback?.() })
// A function that takes events, with a `flush` of its own.
stages(Object.assign((_event: { id: number }) => {}, { flush: async () => {} }))
// What `otel()` returns, among other flushables.
withTelemetry(typed, { telemetry: stages(exporter, pipe) })
withTelemetry(typed, { telemetry: [exporter, pipe] })
// @ts-expect-error -- an `otel()` has stages of its own
stages([exporter, pipe])
// @ts-expect-error -- no stages
stages()
// @ts-expect-error -- options are not a stage
stages({ cascade: false })
// @ts-expect-error -- nothing to flush
stages(exporter, { export: () => {} })
// @ts-expect-error -- a typo
stages(exporter, { cascad: false })
// @ts-expect-error -- options come last
stages({ cascade: false }, exporter)
// @ts-expect-error -- a function that takes events, without a `flush`
stages((_event: { id: number }) => {})

// The span processor fits the SDK, and a tracked exporter keeps its type.
new sdk3.TracerProvider({ spanProcessors: [pipe.spanProcessor] })
new sdk3.BatchSpanProcessor({ exporter: pipe.track(exporter) })
expectTypeOf(pipe.track(new OTLPMetricExporter())).toEqualTypeOf<OTLPMetricExporter>()

// Layers compose, and keep the handler's type.
const timed: Layer = layer((next, args) => next(...args))
expectTypeOf(stack(telemetry(), timed, identity)(typed)).toEqualTypeOf<typeof typed>()
// @ts-expect-error -- not a layer
stack(typed)

// Other people's wrappers may be among the layers, however they type handlers: the handler's type is kept.
declare const vendorWrap: <E, R>(handler: Handler<E, R>) => Handler<E, R | undefined>
declare const middyLike: <E, R>(handler: (event: E, context: Context) => Promise<R>) => Handler<E, R> & { use(): void }
expectTypeOf(stack(lambdaLayer(), vendorWrap, timed, middyLike)(typed)).toEqualTypeOf<typeof typed>()
expectTypeOf(stack(vendorWrap, lambdaLayer())(plain)).toEqualTypeOf<typeof plain>()
// @ts-expect-error -- it does not return a handler
stack(lambdaLayer(), typed)
// @ts-expect-error -- an object that only an adapter takes is not a handler
stack(lambdaLayer(), vendorWrap)({ fetch() {} })

// Adopted objects of other SDKs keep their type.
declare const segment: { close(error?: Error): void; isClosed(): boolean; addAnnotation(key: string, value: string): void } | undefined
expectTypeOf(adopt(segment)).toEqualTypeOf<typeof segment>()
adopt(span('charge')).setAttribute('currency', 'EUR')
expectTypeOf(adopt({ finish: (time?: number) => time }).finish(1)).toEqualTypeOf<number | undefined>()
adopt({ stop() {} }, (timer) => timer.stop())
// @ts-expect-error -- without a second argument, `adopt()` cannot know how to end it
adopt({ stop() {} })
// @ts-expect-error -- the adopted object has no such method
adopt({ stop() {} }, (timer) => timer.end())

// Inside a handler.
expectTypeOf(currentInvocation()?.live).toEqualTypeOf<boolean | undefined>()
{
  using s = span('charge', { attributes: { amount: 1 } })
  s.setAttribute('currency', 'EUR')
}
