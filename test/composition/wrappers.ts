/** Other people's wrappers: where the functions that use them are, and how their own telemetry of an order is recognized. */
import type { Seen } from './deployment.ts'

/** Which wrap is around which, in the notation of the documentation. */
export const ORDERS = {
  inside: 'withTelemetry(W(handler))',
  outside: 'W(withTelemetry(handler))',
} as const

export type Order = keyof typeof ORDERS

/** One invocation, in any cell. */
export interface Told {
  readonly id: number
  readonly fail: boolean
}

export interface Wrapper {
  readonly title: string
  readonly packages: readonly string[]
  /** The module of the function, and the name of its cells. */
  readonly module: string
  readonly cell: string
  /** The name under which its handler is exported. Default: `handler`. */
  readonly export?: string
  readonly orders?: readonly Order[]
  /** Whether there are cells with streamed responses. */
  readonly streams?: boolean
  /** The event, if it is not the order itself. */
  readonly event?: (told: Told) => object
  /** Whether the wrapper's own telemetry has the order. Default: it has none. */
  readonly theirs?: (seen: Seen, told: Told) => boolean
  /** What Node has to import before the function. */
  readonly imports?: readonly string[]
  /** The order in which a span of the wrapper is still open when `flushed` flushes before the response, which breaks the rule. */
  readonly breaksRule?: Order
  /** Whether that span is not delivered by the freeze. */
  readonly late?: boolean
}

const powertools = (name: string) => `@aws-lambda-powertools/${name}`
const json = (line: string): Record<string, unknown> => (line.startsWith('{') ? JSON.parse(line) : {})
const inOrder = ({ id }: Told) => `order ${id}`

const segment: Wrapper['theirs'] = ({ segments }, told) =>
  segments.map(json).some(({ name, annotations, end_time, fault }) =>
    String(name).startsWith('## ') && json(JSON.stringify(annotations)).mark === inOrder(told) &&
    end_time !== undefined && (fault === true) === told.fail)

const metric: Wrapper['theirs'] = ({ logs }, told) =>
  logs.map(json).some(({ _aws, mark, orders }) => _aws !== undefined && mark === inOrder(told) && orders === 1)

const logLine: Wrapper['theirs'] = ({ logs, result }, told) =>
  logs.map(json).some(({ message, function_request_id }) => message === inOrder(told) && function_request_id === result.requestId)

/** What Sentry captured in the handler has the handler's trace id. */
const errors: Wrapper['theirs'] = ({ sentry, spans }, told) =>
  sentry.some((text) => text.includes(`"message":"${inOrder(told)}"`) && text.includes(`"trace_id":"${spans[0]?.traceId}"`)) &&
  sentry.some((text) => text.includes('"type":"RangeError","value":"out of stock"')) === told.fail

/** One transaction for an invocation, with the spans of the handler in it. */
const transaction: Wrapper['theirs'] = ({ sentry, result }) =>
  sentry.some((text) =>
    text.includes('"type":"transaction"') && text.includes('"description":"charge"') && text.includes(result.requestId))

/** One trace for an invocation, without the requests of our exporter, which Datadog has been told to leave out. */
const trace: Wrapper['theirs'] = ({ logs, result }, told) =>
  !logs.some((line) => line.includes('/v1/traces')) &&
  logs.some((line) =>
    line.startsWith('{"traces"') && line.includes(`"name":"${inOrder(told)}"`) && line.includes(result.requestId) &&
    line.includes('"error.message":"out of stock"') === told.fail)

/** An event of an HTTP API, as adapters take it. */
const request = ({ id, fail }: Told) => ({
  version: '2.0',
  rawPath: '/orders',
  rawQueryString: '',
  headers: { host: 'orders.example' },
  requestContext: { http: { method: 'GET', path: '/orders', sourceIp: '127.0.0.1' }, domainName: 'orders.example' },
  isBase64Encoded: false,
  id,
  fail,
})

export const WRAPPERS: readonly Wrapper[] = [
  { title: 'middy', packages: ['@middy/core'], module: 'functions/middlewares', cell: 'middy', streams: true },
  {
    title: 'Powertools Tracer, middleware',
    packages: [powertools('tracer')],
    module: 'functions/middlewares',
    cell: 'tracer',
    theirs: segment,
  },
  { title: 'Powertools Tracer, decorator', packages: [powertools('tracer')], module: 'functions/.cache/decorated', cell: 'tracer', theirs: segment },
  { title: 'Powertools Metrics, middleware', packages: [powertools('metrics')], module: 'functions/middlewares', cell: 'metrics', theirs: metric },
  { title: 'Powertools Metrics, decorator', packages: [powertools('metrics')], module: 'functions/.cache/decorated', cell: 'metrics', theirs: metric },
  { title: 'Powertools Logger, middleware', packages: [powertools('logger')], module: 'functions/middlewares', cell: 'logger', theirs: logLine },
  { title: 'Powertools Logger, decorator', packages: [powertools('logger')], module: 'functions/.cache/decorated', cell: 'logger', theirs: logLine },
  {
    title: 'Sentry `wrapHandler`, errors',
    packages: ['@sentry/aws-serverless'],
    module: 'functions/sentry',
    cell: 'sentry',
    streams: true,
    theirs: errors,
  },
  {
    title: 'Sentry `wrapHandler`, spans',
    packages: ['@sentry/aws-serverless'],
    module: 'sentry/spans',
    cell: 'sentry',
    streams: true,
    theirs: transaction,
  },
  {
    title: 'Sentry, by itself (`--import`)',
    packages: ['@sentry/aws-serverless'],
    module: 'sentry/spans',
    export: 'found',
    cell: 'found',
    orders: ['outside'],
    theirs: transaction,
    imports: ['./setup.mjs'],
    breaksRule: 'outside',
  },
  {
    title: 'Datadog `datadog`',
    packages: ['datadog-lambda-js', 'dd-trace'],
    module: 'functions/datadog',
    cell: 'datadog',
    streams: true,
    theirs: trace,
  },
  { title: 'Hono `handle`, `streamHandle`', packages: ['hono'], module: 'functions/adapters', cell: 'hono', streams: true, event: request },
  { title: '`serverless-http`, with Express', packages: ['serverless-http', 'express'], module: 'functions/adapters', cell: 'express', event: request },
  {
    title: 'a span of one’s own',
    packages: [],
    module: 'functions/spans',
    cell: 'span',
    theirs: ({ spans }, told) => spans.some(({ name }) => name === `around ${inOrder(told)}`),
    breaksRule: 'outside',
    late: true,
  },
]
