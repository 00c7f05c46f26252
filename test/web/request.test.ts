/** How spans describe requests and responses, on Node. */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, createTraceState, propagation, trace } from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { describeRequest } from '../../src/web/request.ts'
import { isResponse, reflectResponse } from '../../src/web/response.ts'
import { newIsolate, pipeline } from '../support/sdk.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  propagation.disable()
  newIsolate()
})

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const described = (url: string, init?: RequestInit) => describeRequest(new Request(url, init), ROOT_CONTEXT)
const attributesOf = (url: string, headers: Record<string, string> = {}) => described(url, { headers }).attributes

/** Describes methods where the environment lists these as known. */
async function methodsKnown(list: string) {
  vi.stubEnv('OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS', list)
  vi.resetModules()
  const { describeRequest } = await import('../../src/web/request.ts')
  return (method: string) => describeRequest(new Request('https://shop.test', { method }), ROOT_CONTEXT)
}

describe('a request', () => {
  test('is described by the semantic conventions for HTTP servers', () => {
    const { name, kind, links, attributes } = described('https://shop.test:8443/orders/1?page=2', { method: 'PUT', headers: { 'user-agent': 'curl/8' } })
    expect({ name, kind, links }).toEqual({ name: 'PUT', kind: SpanKind.SERVER, links: [] })
    expect(attributes).toEqual({
      'faas.trigger': 'http',
      'http.request.method': 'PUT',
      'server.address': 'shop.test',
      'server.port': 8443,
      'url.path': '/orders/1',
      'url.query': 'page=2',
      'url.scheme': 'https',
      'user_agent.original': 'curl/8',
    })
  })

  test('keeps only the methods that OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS lists', async () => {
    const of = await methodsKnown('GET, PROPFIND')
    expect(of('PROPFIND')).toMatchObject({ name: 'PROPFIND', attributes: { 'http.request.method': 'PROPFIND' } })
    expect(of('POST')).toMatchObject({ name: 'HTTP', attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': 'POST' } })
  })

  test('keeps the methods of the conventions if OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS is empty, as if it were not set', async () => {
    const of = await methodsKnown('')
    expect(of('POST')).toMatchObject({ name: 'POST', attributes: { 'http.request.method': 'POST' } })
  })

  test.each(['https://shop.test', 'https://shop.test:443/?'])('has neither a port nor a query, a client or an agent if it has none: %s', (url) => {
    expect(Object.entries(attributesOf(url))).toEqual([
      ['faas.trigger', 'http'],
      ['url.scheme', 'https'],
      ['url.path', '/'],
      ['server.address', 'shop.test'],
      ['http.request.method', 'GET'],
    ])
  })

  test('is a child of the span around it, rather than of its caller, if both are of the same trace', () => {
    const request = new Request('http://x.test', { headers: { traceparent: `00-${TRACE}-${SPAN}-01` } })
    const within = (traceId: string) => trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: '00f067aa0ba902b7', traceFlags: 1 })
    const parentIn = (traceId: string) => trace.getSpanContext(describeRequest(request, within(traceId)).parent)?.spanId
    expect(parentIn(TRACE)).toBe('00f067aa0ba902b7')
    expect(parentIn('4bf92f3577b34da6a3ce929d0e0e4736')).toBe(SPAN)
  })

  test('keeps the baggage of its caller, with or without a `traceparent`, whatever span is around it', () => {
    propagation.setGlobalPropagator(new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }))
    const around = trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE, spanId: '00f067aa0ba902b7', traceFlags: 1 })
    const tenantOf = (headers: Record<string, string>, active = ROOT_CONTEXT) => {
      const { parent } = describeRequest(new Request('http://x.test', { headers: { baggage: 'tenant=acme', ...headers } }), active)
      return [trace.getSpanContext(parent)?.spanId, propagation.getBaggage(parent)?.getEntry('tenant')?.value]
    }
    const traceparent = `00-${TRACE}-${SPAN}-01`
    expect(tenantOf({})).toEqual([undefined, 'acme'])
    expect(tenantOf({}, around)).toEqual(['00f067aa0ba902b7', 'acme'])
    expect(tenantOf({ traceparent })).toEqual([SPAN, 'acme'])
    expect(tenantOf({ traceparent }, around)).toEqual(['00f067aa0ba902b7', 'acme'])
    const read = propagation.setBaggage(around, propagation.createBaggage({ tenant: { value: 'other' } }))
    expect(tenantOf({ traceparent }, read)).toEqual(['00f067aa0ba902b7', 'other'])
  })

  test.each(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])('is named after its method: %s', (method) => {
    expect(described('http://x.test', { method })).toMatchObject({ name: method, attributes: { 'http.request.method': method } })
  })

  test.each(['BREW', 'GETX', 'XGET', 'propfind'])('is named HTTP if its method is unknown: %s', (method) => {
    const { name, attributes } = described('http://x.test', { method })
    expect(name).toBe('HTTP')
    expect(attributes).toMatchObject({ 'http.request.method': '_OTHER', 'http.request.method_original': method })
  })

  test.each([
    ['?sig=abc', 'sig=REDACTED'],
    ['?a=1&Signature=x%20y&b=2', 'a=1&Signature=REDACTED&b=2'],
    ['?X-Amz-Credential=k&X-Amz-Security-Token=t&X-Amz-Signature=s', 'X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED&X-Amz-Signature=REDACTED'],
    ['?AWSAccessKeyId=1&X-Goog-Signature=2', 'AWSAccessKeyId=REDACTED&X-Goog-Signature=REDACTED'],
    ['?sig=a&sig=b', 'sig=REDACTED&sig=REDACTED'],
    ['?sig=a=b', 'sig=REDACTED'],
    ['?%73ig=SECRET&%zz=1', '%73ig=REDACTED&%zz=1'],
    ['?design=1&mysig=2&sigh=3', 'design=1&mysig=2&sigh=3'],
  ])('has the credentials in its query redacted: %s', (search, expected) => {
    expect(attributesOf(`http://x.test/${search}`)['url.query']).toBe(expected)
  })

  test.each([
    [{ 'cf-connecting-ip': '1.1.1.1', 'x-forwarded-for': '2.2.2.2' }, '1.1.1.1'],
    [{ 'x-forwarded-for': '2.2.2.2, 10.0.0.1' }, '2.2.2.2'],
    [{ 'x-forwarded-for': ' 2001:db8::1 ' }, '2001:db8::1'],
    [{ 'x-forwarded-for': '1.2.3.4:5678, 10.0.0.1' }, '1.2.3.4'],
    [{ 'x-forwarded-for': '[2001:db8::1]:80' }, '2001:db8::1'],
    [{ 'x-forwarded-for': '[2001:db8::1]' }, '2001:db8::1'],
    [{ 'x-forwarded-for': '::1' }, '::1'],
    [{ 'x-forwarded-for': 'client.example.com:443' }, 'client.example.com'],
    [{ 'x-forwarded-for': 'unknown.example.com' }, 'unknown.example.com'],
    [{ 'x-forwarded-for': 'unknown, 10.0.0.1' }, undefined],
    [{ 'x-forwarded-for': 'Unknown:5678' }, undefined],
    [{ 'x-forwarded-for': '' }, undefined],
    [{}, undefined],
  ])('takes the address of its client from the headers of proxies: %j', (headers, expected) => {
    expect(attributesOf('http://x.test', headers as Record<string, string>)['client.address']).toBe(expected)
  })

  test('is a child of its caller', () => {
    const { parent } = described('http://x.test', { headers: { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'a=1' } })
    const state = createTraceState('a=1').serialize()
    expect(trace.getSpanContext(parent)).toMatchObject({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true })
    expect(trace.getSpanContext(parent)?.traceState?.serialize()).toBe(state)
  })

  test.each([['missing', {}], ['nonsense', { traceparent: '00-zz-1-01' }]])('has no parent if its `traceparent` is %s', (_, headers) => {
    expect(described('http://x.test', { headers: headers as Record<string, string> }).parent).toBe(ROOT_CONTEXT)
  })

  test('is a child of what the registered propagator finds', () => {
    const found = trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE, spanId: SPAN, traceFlags: 0 })
    propagation.setGlobalPropagator({
      fields: () => ['x-trace'],
      inject: () => {},
      extract: (within, carrier, getter) => (getter.get(carrier, 'X-Trace') === '1' && getter.keys(carrier).includes('x-trace') ? found : within),
    })
    expect(described('http://x.test', { headers: { 'x-trace': '1', traceparent: `00-${'1'.repeat(32)}-${SPAN}-01` } }).parent).toBe(found)
  })
})

describe('a response', () => {
  const reflected = (response: unknown, errorsFrom?: number) => {
    const span = pipeline().tracer.startSpan('root')
    reflectResponse(span, response, errorsFrom)
    return span as unknown as { attributes: Record<string, unknown>; status: { code: SpanStatusCode } }
  }

  test.each([[200, undefined], [304, undefined], [404, undefined], [499, undefined], [500, '500'], [503, '503']])('with status %d sets the status code attribute, and is an error from 500 on', (status, type) => {
    const { attributes, status: { code } } = reflected(new Response(null, { status }))
    expect(attributes).toEqual({ 'http.response.status_code': status, ...(type && { 'error.type': type }) })
    expect(code).toBe(type ? SpanStatusCode.ERROR : SpanStatusCode.UNSET)
  })

  test('is an error from 400 on for the client that asked', () => {
    expect(reflected(new Response(null, { status: 404 }), 400).attributes['error.type']).toBe('404')
  })

  test.each([[undefined], [null], ['text'], [{}], [{ status: 200 }]])('is not recognized in a value that only resembles one: %j', (value) => {
    expect(isResponse(value)).toBe(false)
    expect(reflected(value).attributes).toEqual({})
  })
})
