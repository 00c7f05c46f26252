/**
 * Converts an OTLP request in its plain form to the collector's objects.
 *
 * @module
 */
import { anyValue, attributes, bigint, id, integer, list, number, object, text } from './decode-values.ts'
import type { Raw } from './decode-values.ts'
import type {
  CollectedLog,
  CollectedMetric,
  CollectedPoint,
  CollectedSpan,
  CollectedSpanKind,
  Decoded,
  Origin,
  Signal,
} from './telemetry.ts'

const kinds: readonly CollectedSpanKind[] = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']
const statusCodes = ['unset', 'ok', 'error'] as const
const metricTypes = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const

/** `{ [key]: value }`, or nothing where OTLP's empty string stands for absence. */
const present = <K extends string>(key: K, value: string): { [P in K]?: string } =>
  value === '' ? {} : ({ [key]: value } as { [P in K]: string })

function span(raw: Raw, origin: Origin): CollectedSpan {
  const status = object(raw, 'status')
  return {
    traceId: id(raw, 'traceId'),
    spanId: id(raw, 'spanId'),
    ...present('parentSpanId', id(raw, 'parentSpanId')),
    ...present('traceState', text(raw, 'traceState')),
    name: text(raw, 'name'),
    kind: kinds[number(raw, 'kind')] ?? 'unspecified',
    startTimeUnixNano: bigint(raw, 'startTimeUnixNano'),
    endTimeUnixNano: bigint(raw, 'endTimeUnixNano'),
    attributes: attributes(raw),
    events: list(raw, 'events').map((event) => ({
      name: text(event, 'name'),
      timeUnixNano: bigint(event, 'timeUnixNano'),
      attributes: attributes(event),
    })),
    links: list(raw, 'links').map((link) => ({
      traceId: id(link, 'traceId'),
      spanId: id(link, 'spanId'),
      ...present('traceState', text(link, 'traceState')),
      attributes: attributes(link),
    })),
    status: { code: statusCodes[number(status, 'code')] ?? 'unset', ...present('message', text(status, 'message')) },
    ...origin,
  }
}

function point(raw: Raw): CollectedPoint {
  const value = raw['asInt'] !== undefined ? integer(raw['asInt']) : raw['asDouble']
  return {
    attributes: attributes(raw),
    timeUnixNano: bigint(raw, 'timeUnixNano'),
    ...(value === undefined ? {} : { value: typeof value === 'bigint' ? value : Number(value) }),
    ...(raw['count'] === undefined ? {} : { count: integer(raw['count']) }),
    ...(raw['sum'] === undefined ? {} : { sum: number(raw, 'sum') }),
  }
}

function metric(raw: Raw, origin: Origin): CollectedMetric {
  const type = metricTypes.find((candidate) => raw[candidate] !== undefined)
  return {
    name: text(raw, 'name'),
    description: text(raw, 'description'),
    unit: text(raw, 'unit'),
    type: type ?? 'unknown',
    points: type === undefined ? [] : list(object(raw, type), 'dataPoints').map(point),
    ...origin,
  }
}

function log(raw: Raw, origin: Origin): CollectedLog {
  return {
    timeUnixNano: bigint(raw, 'timeUnixNano'),
    observedTimeUnixNano: bigint(raw, 'observedTimeUnixNano'),
    severityNumber: number(raw, 'severityNumber'),
    severityText: text(raw, 'severityText'),
    body: anyValue(object(raw, 'body')),
    attributes: attributes(raw),
    ...present('traceId', id(raw, 'traceId')),
    ...present('spanId', id(raw, 'spanId')),
    ...present('eventName', text(raw, 'eventName')),
    ...origin,
  }
}

const shapes = {
  traces: { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' },
  metrics: { resources: 'resourceMetrics', scopes: 'scopeMetrics', items: 'metrics' },
  logs: { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' },
} as const

/** Flattens resource → scope → item, giving each item its resource and scope. */
function* flatten(signal: Signal, request: Raw): Generator<readonly [Raw, Origin]> {
  const shape = shapes[signal]
  for (const byResource of list(request, shape.resources)) {
    const resource = attributes(object(byResource, 'resource'))
    for (const byScope of list(byResource, shape.scopes)) {
      const named = object(byScope, 'scope')
      const scope = { name: text(named, 'name'), ...present('version', text(named, 'version')) }
      for (const item of list(byScope, shape.items)) yield [item, { resource, scope }]
    }
  }
}

/** Decodes a request of one signal from its plain form (parsed OTLP/JSON, or what the protobuf decoder made). */
export function decode(signal: Signal, request: Raw): Decoded {
  const items = [...flatten(signal, request)]
  return {
    spans: signal === 'traces' ? items.map(([raw, origin]) => span(raw, origin)) : [],
    metrics: signal === 'metrics' ? items.map(([raw, origin]) => metric(raw, origin)) : [],
    logs: signal === 'logs' ? items.map(([raw, origin]) => log(raw, origin)) : [],
  }
}
