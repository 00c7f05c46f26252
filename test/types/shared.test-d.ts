/**
 * Specifies options that several handlers share, declared with their exported types. `npm run types` checks this file; nothing in
 * it runs.
 */
import type { Context, SQSEvent, SQSHandler } from 'aws-lambda'
import { type TelemetryOptions, openInvocation, telemetry, withTelemetry } from 'flushed'
import { Flushed, type FlushedOptions, Telemetry } from 'flushed/decorators'
import { type EdgeOptions, telemetry as atTheEdge, withTelemetry as edge } from 'flushed/edge'
import { type ExpressOptions, telemetry as express } from 'flushed/express'
import { type HonoOptions, telemetry as hono } from 'flushed/hono'
import { type LambdaOptions, withTelemetry as lambda, telemetry as onLambda } from 'flushed/lambda'
import { telemetry as middy } from 'flushed/middy'
import { type NextOptions, withTelemetry as next } from 'flushed/next'
import { type NodeOptions, type ServerOptions, withTelemetry as node } from 'flushed/node'
import { type WorkersOptions, withTelemetry as workers } from 'flushed/workers'

const onSqs = async (_event: SQSEvent) => {}
const get = async (_request: Request) => new Response()
declare const sqs: SQSHandler

// Options that every platform has.
const anywhere: TelemetryOptions = { timeoutMs: 500, attributes: { 'app.team': 'orders' } }
withTelemetry(onSqs, anywhere)
telemetry(anywhere)(get)
openInvocation(anywhere)
lambda(onSqs, anywhere)
edge(get, anywhere)
Flushed(anywhere)
Telemetry(anywhere)

// Options of one platform, for handlers of any event.
const ofLambda: LambdaOptions = { timeoutMs: 500, marginMs: 10, attributes: () => ({ 'app.team': 'orders' }) }
lambda(onSqs, ofLambda)
lambda(sqs, ofLambda)
lambda(async (_event: SQSEvent, _context: Context) => {}, { ...ofLambda, name: 'orders' })
onLambda(ofLambda)(onSqs)
middy(ofLambda)
Flushed({ wrap: lambda, ...ofLambda })
const ofTheEdge: EdgeOptions & NextOptions = { route: '/orders' }
edge(get, ofTheEdge)
atTheEdge(ofTheEdge)(get)
next(get, ofTheEdge)
const ofWorkers: WorkersOptions = { streamIdleMs: 500, attributes: (request: Request) => ({ 'app.url': request.url }) }
workers({ fetch: get }, ofWorkers)
const ofServers: ServerOptions & ExpressOptions & NodeOptions = { drainMs: 500 }
node((_request, response) => void response.end(), ofServers)
express(ofServers)
const ofHono: HonoOptions = { streamIdleMs: 500 }
hono(ofHono)
const ofMethods: FlushedOptions = { attributes: (id: string) => ({ 'order.id': id }) }
Flushed(ofMethods)

// Attributes made from arguments fit only handlers with such arguments.
const ofSqs: LambdaOptions<[event: SQSEvent]> = { attributes: (event) => ({ records: event.Records.length }) }
lambda(onSqs, ofSqs)
// @ts-expect-error -- a request has no records
edge(get, ofSqs)
// @ts-expect-error -- not every handler's event has records
export const records: LambdaOptions = { attributes: (event: SQSEvent) => ({ records: event.Records.length }) }
