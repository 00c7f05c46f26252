import type { Attributes } from '@opentelemetry/api'
import {
  CLIENT_ADDRESS,
  HTTP_REQUEST_METHOD,
  HTTP_REQUEST_METHOD_ORIGINAL,
  HTTP_ROUTE,
  NETWORK_PROTOCOL_VERSION,
  SERVER_ADDRESS,
  SERVER_PORT,
  URL_PATH,
  URL_QUERY,
  URL_SCHEME,
  USER_AGENT_ORIGINAL,
} from './attributes.ts'
import { addressOf } from '../../web/address.ts'
import { isKnownMethod } from '../../web/methods.ts'
import { redacted } from '../../web/query.ts'
import type { Description } from './description.ts'
import { bag, text } from './events.ts'
import type { Bag } from './events.ts'
import { header, headersOf } from './headers.ts'
import type { EventHeaders } from './headers.ts'
import { parentOf } from './parent.ts'
import { joinQuery } from './query.ts'

/** One HTTP request, whichever service received it. */
interface HttpRequest {
  headers: EventHeaders | undefined
  method: string | undefined
  route: string | undefined
  path: string | undefined
  query: string | undefined
  scheme: string | undefined
  host: string | undefined
  peer: string | undefined
  userAgent: string | undefined
  protocol: string | undefined
}

/** Payload format 2.0: HTTP APIs and function URLs. */
export function describeHttpApi(draft: Description, event: Bag): void {
  const context = bag(event['requestContext'])
  const http = bag(context['http'])
  apply(draft, {
    headers: headersOf(event),
    method: text(http['method']),
    route: routeOf(text(event['routeKey']) ?? text(context['routeKey'])),
    path: text(event['rawPath']) ?? text(http['path']),
    query: text(event['rawQueryString']),
    scheme: 'https',
    host: text(context['domainName']),
    peer: text(http['sourceIp']),
    userAgent: text(http['userAgent']),
    protocol: text(http['protocol']),
  })
}

/**
 * Payload format 1.0: REST APIs, and HTTP APIs that are configured for it. The event's `path` is the resource's. The context's
 * `path` is the URL's, with the stage or the domain's base path in front, as in payload format 2.0.
 */
export function describeRestApi(draft: Description, event: Bag): void {
  const context = bag(event['requestContext'])
  const identity = bag(context['identity'])
  apply(draft, {
    headers: headersOf(event),
    method: text(event['httpMethod']),
    route: text(event['resource']),
    path: text(context['path']) ?? text(event['path']),
    query: joinQuery(event['multiValueQueryStringParameters'], event['queryStringParameters'], false),
    scheme: 'https',
    host: text(context['domainName']),
    peer: text(identity['sourceIp']),
    userAgent: text(identity['userAgent']),
    protocol: text(context['protocol']),
  })
}

/** WebSocket APIs. Their route keys name operations rather than paths, and only the handshake is an HTTP request. */
export function describeWebSocketApi(draft: Description, event: Bag): void {
  const context = bag(event['requestContext'])
  const identity = bag(context['identity'])
  const route = text(context['routeKey'])
  apply(draft, {
    headers: headersOf(event),
    method: context['eventType'] === 'CONNECT' ? 'GET' : undefined,
    route,
    path: undefined,
    query: joinQuery(event['multiValueQueryStringParameters'], event['queryStringParameters'], false),
    scheme: 'wss',
    host: text(context['domainName']),
    peer: text(identity['sourceIp']),
    userAgent: text(identity['userAgent']),
    protocol: undefined,
  })
  if (route !== undefined) draft.name = route
}

/** Application load balancers, which know no routes and send headers and parameters in one form or the other. */
export function describeLoadBalancer(draft: Description, event: Bag): void {
  apply(draft, {
    headers: headersOf(event),
    method: text(event['httpMethod']),
    route: undefined,
    path: text(event['path']),
    query: joinQuery(event['multiValueQueryStringParameters'], event['queryStringParameters'], true),
    scheme: undefined,
    host: undefined,
    peer: undefined,
    userAgent: undefined,
    protocol: undefined,
  })
}

/**
 * Completes `draft` with what all HTTP requests have.
 *
 * Sources: HTTP spans, "HTTP server span" and "Name"; AWS Lambda spans, "API Gateway" (name and `http.route` from the
 * configured route; the scheme is `x-forwarded-proto`).
 */
function apply(draft: Description, request: HttpRequest): void {
  const { attributes } = draft
  const { headers, route } = request
  draft.parent = parentOf(headers, draft.parent)
  if (request.method !== undefined) {
    const known = isKnownMethod(request.method)
    attributes[HTTP_REQUEST_METHOD] = known ? request.method : '_OTHER'
    if (!known) attributes[HTTP_REQUEST_METHOD_ORIGINAL] = request.method
    // Without a route, the span keeps the function's name: by paths, there would be countless names.
    if (route !== undefined) draft.name = `${known ? request.method : 'HTTP'} ${route}`
  }
  put(attributes, HTTP_ROUTE, route)
  put(attributes, URL_PATH, request.path)
  if (request.query !== undefined) put(attributes, URL_QUERY, redacted(request.query))
  // A WebSocket is opened through https, but its URL is not spelled that way.
  const forwarded = request.scheme === 'wss' ? undefined : firstOf(header(headers, 'x-forwarded-proto'))
  const scheme = forwarded ?? request.scheme
  put(attributes, URL_SCHEME, scheme)
  putServer(attributes, request.host ?? header(headers, 'host'), firstOf(header(headers, 'x-forwarded-port')), scheme)
  put(attributes, CLIENT_ADDRESS, addressOf(firstOf(header(headers, 'x-forwarded-for'))) ?? request.peer)
  put(attributes, USER_AGENT_ORIGINAL, request.userAgent ?? header(headers, 'user-agent'))
  put(attributes, NETWORK_PROTOCOL_VERSION, versionOf(request.protocol))
}

function put(attributes: Attributes, name: string, value: string | undefined): void {
  if (value !== undefined && value !== '') attributes[name] = value
}

/** The path of a route key such as `GET /pets/{id}`. `$default` means that no configured route matched. */
function routeOf(key: string | undefined): string | undefined {
  if (key === undefined) return undefined
  const space = key.indexOf(' ')
  return space === -1 ? undefined : text(key.slice(space + 1))
}

/** The first entry of a list in a forwarding header: the original client's. Proxies append theirs. */
function firstOf(forwarded: string | undefined): string | undefined {
  if (forwarded === undefined) return undefined
  const comma = forwarded.indexOf(',')
  return text((comma === -1 ? forwarded : forwarded.slice(0, comma)).trim())
}

/** A host and a port. The host is a name, or an address in brackets, because it has colons of its own. */
const HOST_AND_PORT = /^(\[.*\]|[^:]+):(\d+)$/

/** The ports that are left out, as in URLs. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, wss: 443 }

function putServer(attributes: Attributes, host: string | undefined, forwardedPort: string | undefined, scheme = ''): void {
  if (!host) return
  const [, address = host, ownPort = forwardedPort] = HOST_AND_PORT.exec(host) ?? []
  attributes[SERVER_ADDRESS] = address
  const port = Number(ownPort)
  if (port > 0 && port !== DEFAULT_PORTS[scheme]) attributes[SERVER_PORT] = port
}

/** `HTTP/1.1` is version 1.1; the later ones are called 2 and 3, without a minor version. */
function versionOf(protocol: string | undefined): string | undefined {
  if (protocol === undefined || !protocol.startsWith('HTTP/')) return undefined
  const version = protocol.slice(5)
  return version === '2.0' || version === '3.0' ? version.slice(0, 1) : version
}
