import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { SpanContext, TextMapPropagator } from '@opentelemetry/api'
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as events from './events/http.ts'
import * as messages from './events/messages.ts'
import * as others from './events/others.ts'
import { described } from './support.ts'

function parentOf(event: unknown) {
  return trace.getSpanContext(described(event).parent)
}

afterEach(() => propagation.disable())

const sources: [string, unknown][] = [
  ['REST API', events.restApi],
  ['REST API, single values', { ...events.restApi, multiValueHeaders: undefined }],
  ['HTTP API', events.httpApi],
  ['WebSocket handshake', events.webSocketConnect],
  ['load balancer', events.loadBalancer],
  ['load balancer, multi-value', events.loadBalancerMulti],
  ['authorizer', events.authorizer],
]

describe('with no propagator registered', () => {
  it.each(sources)('the caller is found by W3C Trace Context: %s', (_, event) => {
    expect(parentOf(event)).toMatchObject({ ...events.CALLER, traceFlags: 1, isRemote: true })
  })

  it('the trace state is kept, even if it comes in several headers', () => {
    expect(parentOf(events.httpApi)?.traceState?.serialize()).toBe('vendor=1')
    expect(parentOf(events.loadBalancerMulti)?.traceState?.serialize()).toBe('a=1,b=2')
  })

  it('there is no parent without the header', () => {
    expect(described(events.functionUrl).parent).toBe(ROOT_CONTEXT)
    expect(described(events.webSocketMessage).parent).toBe(ROOT_CONTEXT)
    expect(described(messages.sqs).parent).toBe(ROOT_CONTEXT)
  })
})

describe('a direct invocation, with no propagator registered', () => {
  const { traceId, spanId } = events.CALLER
  const traceparent = `00-${traceId}-${spanId}-01`
  const parentBy = (clientContext: unknown, event: unknown = { id: 1 }) =>
    trace.getSpanContext(described(event, ROOT_CONTEXT, clientContext).parent)

  // `Custom` is what OpenTelemetry's instrumentation of the AWS SDK wrote earlier.
  it.each(['custom', 'Custom'])('finds its caller by what the caller’s AWS SDK put into `%s` of the client context', (key) => {
    expect(parentBy({ [key]: { traceparent, tracestate: 'vendor=1' } })).toMatchObject({ ...events.CALLER, traceFlags: 1, isRemote: true })
  })

  it('finds its caller in `Custom` even if `custom` holds something else', () => {
    expect(parentBy({ custom: { tenant: 'a' }, Custom: { traceparent } })).toMatchObject(events.CALLER)
  })

  it.each([
    ['of another application', { custom: { tenant: 'a' } }],
    ['of a mobile SDK', { client: { app_title: 'orders' }, env: { locale: 'en' } }],
    ['that is no object', 'traceparent'],
    ['whose `traceparent` is no string', { custom: { traceparent: [traceparent] } }],
    ['whose `custom` is no object', { custom: traceparent }],
  ])('has no parent with a client context %s', (_, clientContext) => {
    expect(parentBy(clientContext)).toBeUndefined()
  })

  it('with an HTTP event prefers the request’s own headers', () => {
    const other = `00-${'b'.repeat(32)}-${'c'.repeat(16)}-01`
    expect(parentBy({ custom: { traceparent: other } }, events.httpApi)).toMatchObject(events.CALLER)
  })
})

describe('a span around the handler', () => {
  const around = (traceId: string) => ({ traceId, spanId: 'a'.repeat(16), traceFlags: 1 })
  const parentWithin = (event: unknown, span: SpanContext) =>
    trace.getSpanContext(described(event, trace.setSpanContext(ROOT_CONTEXT, span)).parent)

  it.each(sources)('is the parent if it has joined the caller’s trace: %s', (_, event) => {
    const joined = around(events.CALLER.traceId)
    expect(parentWithin(event, joined)).toEqual(joined)
  })

  it('gives way to the caller if it belongs to another trace', () => {
    expect(parentWithin(events.httpApi, around('b'.repeat(32)))).toMatchObject(events.CALLER)
  })

  it('is the parent if there is no caller', () => {
    const alone = around('b'.repeat(32))
    expect(parentWithin(events.functionUrl, alone)).toEqual(alone)
  })
})

describe('a registered propagator', () => {
  it.each(sources)('finds the caller: %s', (_, event) => {
    const asked = propagator((context, carrier, getter) => {
      // Some propagators ask for names in mixed case, as those of B3 and X-Ray do.
      const [, traceId = '', spanId = ''] = String(getter.get(carrier, 'TraceParent')).split('-')
      return trace.setSpanContext(context, { traceId, spanId, traceFlags: 0 })
    })
    propagation.setGlobalPropagator(asked)
    expect(parentOf(event)).toEqual({ ...events.CALLER, traceFlags: 0 })
  })

  it('decides alone: a `traceparent` that it ignores is not used', () => {
    propagation.setGlobalPropagator(propagator((context) => context))
    expect(parentOf(events.httpApi)).toBeUndefined()
  })

  it('reads headers in any case, and can list them', () => {
    const seen: unknown[] = []
    propagation.setGlobalPropagator(
      propagator((context, carrier, getter) => {
        seen.push(getter.get(carrier, 'X-Forwarded-PROTO'), getter.get(carrier, 'absent'), getter.keys(carrier))
        return context
      }),
    )
    described(events.restApi)
    expect(seen).toEqual(['https', undefined, ['host', 'user-agent', 'x-forwarded-proto', 'x-forwarded-for', 'traceparent']])
  })

  it.each<[string, unknown]>([
    ['function URL', events.functionUrl],
    ['a request without headers', { ...events.httpApi, headers: undefined }],
    ['SQS', messages.sqs],
    ['S3', others.s3],
    ['schedule', others.scheduledRule],
    ['a direct call', { id: 1 }],
    ['no event', null],
  ])('that looks elsewhere than at headers is asked once for any event: %s', (_, event) => {
    // As `xray-lambda` reads `_X_AMZN_TRACE_ID`.
    const extract = vi.fn<TextMapPropagator['extract']>((context) => trace.setSpanContext(context, { ...events.CALLER, traceFlags: 1 }))
    propagation.setGlobalPropagator(propagator(extract))
    expect(parentOf(event)).toMatchObject(events.CALLER)
    expect(extract).toHaveBeenCalledOnce()
  })

  it('that throws costs the parent and nothing else', () => {
    propagation.setGlobalPropagator(
      propagator(() => {
        throw new Error('no')
      }),
    )
    expect(described(events.httpApi)).toMatchObject({ parent: ROOT_CONTEXT, trigger: 'http', name: 'POST /orders/{id}' })
  })
})

function propagator(extract: TextMapPropagator['extract']): TextMapPropagator {
  return { inject() {}, extract, fields: () => ['custom'] }
}
