import { afterEach, describe, expect, it, vi } from 'vitest'
import { resetKnownMethods } from '../../../src/web/methods.ts'
import * as events from './events/http.ts'
import { described } from './support.ts'

/** The attributes that an HTTP request adds to those of every invocation. */
function httpAttributes(event: unknown): Record<string, unknown> {
  const all = Object.entries(described(event).attributes)
  return Object.fromEntries(all.filter(([key]) => !key.startsWith('faas.') && !key.startsWith('cloud.') && !key.startsWith('aws.')))
}

function withMethod(httpMethod: string) {
  return described({ ...events.restApi, httpMethod })
}

describe('a REST API', () => {
  it('describes the request', () => {
    expect(httpAttributes(events.restApi)).toEqual({
      'http.request.method': 'GET',
      'http.route': '/pets/{petId}',
      'url.path': '/prod/pets/10',
      'url.query': 'color=light%20grey&tag=a&tag=b',
      'url.scheme': 'https',
      'server.address': 'api.example.com',
      'client.address': '203.0.113.7',
      'user_agent.original': 'okhttp/4.9',
      'network.protocol.version': '1.1',
    })
  })

  it('describes the request by single-value headers and parameters too', () => {
    const event = { ...events.restApi, multiValueHeaders: null, multiValueQueryStringParameters: null }
    expect(httpAttributes(event)).toMatchObject({ 'url.query': 'color=light%20grey&tag=b', 'client.address': '203.0.113.7' })
  })

  it('has `path` as its `url.path` if the request context has none', () => {
    const event = { ...events.restApi, requestContext: { ...events.restApi.requestContext, path: undefined } }
    expect(httpAttributes(event)).toMatchObject({ 'url.path': '/pets/10', 'http.route': '/pets/{petId}' })
  })
})

describe('an HTTP API', () => {
  it('describes the request, with secrets in the query redacted', () => {
    expect(httpAttributes(events.httpApi)).toEqual({
      'http.request.method': 'POST',
      'http.route': '/orders/{id}',
      'url.path': '/orders/7',
      'url.query': 'dry=1&sig=REDACTED',
      'url.scheme': 'https',
      'server.address': 'a1b2c3.execute-api.eu-west-1.amazonaws.com',
      'client.address': '198.51.100.4',
      'user_agent.original': 'curl/8.5',
      'network.protocol.version': '1.1',
    })
  })

  it('has no route if only `$default` matched', () => {
    const { name, attributes } = described({ ...events.httpApi, routeKey: '$default' })
    expect(name).toBe('orders')
    expect(attributes).not.toHaveProperty('http.route')
  })

  it('takes the method from the request if the route key says `ANY`', () => {
    expect(described({ ...events.httpApi, routeKey: 'ANY /orders' }).name).toBe('POST /orders')
  })
})

describe('a function URL', () => {
  it('describes the request, with HTTP/2.0 as protocol version 2', () => {
    expect(httpAttributes(events.functionUrl)).toEqual({
      'http.request.method': 'GET',
      'url.path': '/hello',
      'url.scheme': 'https',
      'server.address': 'abc123.lambda-url.eu-west-1.on.aws',
      'client.address': '198.51.100.4',
      'user_agent.original': 'curl/8.5',
      'network.protocol.version': '2',
    })
  })
})

describe('the version of the protocol', () => {
  it.each([['HTTP/1.0', '1.0'], ['HTTP/2.0', '2'], ['HTTP/3.0', '3'], ['HTTP/3', '3'], ['h2', undefined], [undefined, undefined]])('of %s is %s', (protocol, version) => {
    const event = { ...events.httpApi, requestContext: { ...events.httpApi.requestContext, http: { protocol } } }
    expect(httpAttributes(event)['network.protocol.version']).toBe(version)
  })
})

describe('a WebSocket API', () => {
  it('has an HTTP request method in its handshake', () => {
    expect(httpAttributes(events.webSocketConnect)).toEqual({
      'http.request.method': 'GET',
      'http.route': '$connect',
      'url.scheme': 'wss',
      'server.address': 'ws.example.com',
      'client.address': '203.0.113.9',
    })
  })

  it('has no HTTP request method in its messages', () => {
    expect(httpAttributes(events.webSocketMessage)).toEqual({
      'http.route': 'sendMessage',
      'url.scheme': 'wss',
      'server.address': 'ws.example.com',
      'client.address': '203.0.113.9',
    })
  })
})

describe('a load balancer', () => {
  it('describes the request, with the query as it was sent', () => {
    expect(httpAttributes(events.loadBalancer)).toEqual({
      'http.request.method': 'GET',
      'url.path': '/lambda',
      'url.query': 'query=1234%20ABCD',
      'url.scheme': 'http',
      'server.address': 'shop.example.com',
      'server.port': 8080,
      'client.address': '72.12.164.125',
      'user_agent.original': 'Mozilla/5.0',
    })
  })

  it('describes the request by multi-value headers and parameters too', () => {
    expect(httpAttributes(events.loadBalancerMulti)).toMatchObject({
      'url.query': 'query=1234%20ABCD&query=x',
      'url.scheme': 'http',
      'server.address': 'shop.example.com',
      'client.address': '72.12.164.125',
    })
  })

  // The load balancer's attribute `routing.http.xff_client_port.enabled`.
  it.each([
    ['72.12.164.125:41000', '72.12.164.125'],
    ['[2001:db8::1]:41000', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['unknown', undefined],
  ])('reads the client `%s` as %s, without the port', (forwarded, expected) => {
    const headers = { ...events.loadBalancer.headers, 'x-forwarded-for': forwarded }
    expect(httpAttributes({ ...events.loadBalancer, headers })['client.address']).toBe(expected)
  })

  it.each([
    ['shop.example.com', 'shop.example.com', undefined],
    ['shop.example.com:8443', 'shop.example.com', 8443],
    ['shop.example.com:443', 'shop.example.com', undefined],
    ['shop.example.com:80', 'shop.example.com', 80],
    ['[2001:db8::1]', '[2001:db8::1]', undefined],
    ['[2001:db8::1]:8080', '[2001:db8::1]', 8080],
    ['shop.example.com:0', 'shop.example.com', undefined],
    ['shop.example.com:http', 'shop.example.com:http', undefined],
    ['2001:db8::1', '2001:db8::1', undefined],
    ['[broken', '[broken', undefined],
    ['', undefined, undefined],
  ])('reads the host `%s` of an HTTPS request as %s, port %s', (host, address, port) => {
    const { attributes } = described({ ...events.loadBalancer, headers: { host, 'x-forwarded-proto': 'https' } })
    expect([attributes['server.address'], attributes['server.port']]).toEqual([address, port])
  })

  it.each([
    ['8443', 8443],
    ['443', undefined],
    ['none', undefined],
  ])('reads `x-forwarded-port: %s` as port %s if the host has none', (forwarded, port) => {
    const headers = { host: 'shop.example.com', 'x-forwarded-proto': 'https', 'x-forwarded-port': forwarded }
    expect(described({ ...events.loadBalancer, headers }).attributes['server.port']).toBe(port)
  })

  it.each(['https, http', 'https ,http'])('has the scheme that the client used if proxies added theirs: %s', (forwarded) => {
    const headers = { host: 'shop.example.com', 'x-forwarded-proto': forwarded }
    expect(described({ ...events.loadBalancer, headers }).attributes['url.scheme']).toBe('https')
  })

  it('takes a header for no other one, however alike their names are', () => {
    const headers = { 'X-Forwarded-Photo': 'ftp', 'X-Forwarded-Proto': 'http', host: 'shop.example.com' }
    expect(described({ ...events.loadBalancer, headers }).attributes['url.scheme']).toBe('http')
  })

  it('has the single value of a header whose list holds no string', () => {
    const multiValueHeaders = { 'x-forwarded-proto': [], host: [1], 'user-agent': [null, 'Mozilla/5.0'] }
    const { attributes } = described({ ...events.loadBalancer, multiValueHeaders })
    expect(attributes).toMatchObject({ 'url.scheme': 'http', 'server.address': 'shop.example.com', 'user_agent.original': 'Mozilla/5.0' })
  })
})

describe('an HTTP method', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    resetKnownMethods()
  })

  it('that is unknown is `_OTHER` in the attribute and `HTTP` in the span name', () => {
    const { name, attributes } = withMethod('BREW')
    expect(name).toBe('HTTP /pets/{petId}')
    expect(attributes).toMatchObject({ 'http.request.method': '_OTHER', 'http.request.method_original': 'BREW' })
  })

  it('is known in its exact case only', () => {
    expect(withMethod('get').attributes['http.request.method']).toBe('_OTHER')
  })

  it('is known if `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` lists it, which replaces the default list', () => {
    vi.stubEnv('OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS', 'BREW, GET')
    resetKnownMethods()
    expect(withMethod('BREW').name).toBe('BREW /pets/{petId}')
    expect(withMethod('POST').attributes['http.request.method']).toBe('_OTHER')
  })
})
