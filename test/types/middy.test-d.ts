/** Specifies what compiles with middy, and what does not. `npm run types` checks this file; nothing in it runs. */
import middy from '@middy/core'
import httpErrorHandler from '@middy/http-error-handler'
import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2, Context, SQSEvent } from 'aws-lambda'
import { withTelemetry } from 'flushed/lambda'
import { telemetry } from 'flushed/middy'
import { expectTypeOf } from 'vitest'

// Our middleware is one of middy's, and changes no type.
const middleware: middy.MiddlewareObj = telemetry()
const typed = middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
expectTypeOf(typed.use(telemetry())).toEqualTypeOf(typed)
expectTypeOf(typed.use([telemetry(), middleware])).parameter(0).toEqualTypeOf<APIGatewayProxyEventV2>()
expectTypeOf(typed.before(telemetry().before)).toEqualTypeOf(typed)
typed.use(telemetry()).handler(async (event) => {
  expectTypeOf(event).toEqualTypeOf<APIGatewayProxyEventV2>()
  return { body: event.rawPath }
})

// What other middlewares add to the request stays.
declare const loader: middy.MiddlewareObj<unknown, unknown, Error, Context & { tenant: string }, { rate: number }>
typed.use(telemetry()).use(loader).use(telemetry()).before((request) => {
  expectTypeOf(request.context.tenant).toBeString()
  expectTypeOf(request.internal.rate).toBeNumber()
})

// Options know the event's type, and set that of the handler, as other typed middlewares do.
const named = telemetry({ attributes: (event: SQSEvent, context) => ({ records: event.Records.length, id: context.awsRequestId }) })
expectTypeOf(middy().use(named)).parameter(0).toEqualTypeOf<SQSEvent>()
telemetry<SQSEvent>({ attributes: (event) => ({ records: event.Records.length }) })
// @ts-expect-error -- the event has no such property
telemetry<SQSEvent>({ attributes: (event) => ({ records: event.rawPath }) })
// @ts-expect-error -- a typo
telemetry({ timoutMs: 100 })

// A wrapped middy handler is still a middy handler.
const wrapped = withTelemetry(typed)
expectTypeOf(wrapped).toEqualTypeOf<typeof typed>()
wrapped.use(middleware).handler(async (event) => ({ body: event.rawPath }))

// What docs/lambda.md shows.
withTelemetry(middy<APIGatewayProxyEventV2>())
  .use(httpErrorHandler())
  .handler(async (event) => ({ statusCode: 200, body: event.rawPath }))
middy<APIGatewayProxyEventV2>()
  .use(telemetry())
  .use(httpErrorHandler())
  .handler(async (event) => ({ statusCode: 200, body: event.rawPath }))
