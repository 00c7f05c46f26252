import { type Attributes, type Context, SpanKind, type TextMapGetter } from '@opentelemetry/api'
import { extract, nearest } from '../core/propagation.ts'
import type { Description } from '../core/platform.ts'
import { addressOf } from './address.ts'
import { isKnownMethod } from './methods.ts'
import { redacted } from './query.ts'

const getter: TextMapGetter<Headers> = {
  get: (headers, key) => headers.get(key) ?? undefined,
  keys: (headers) => [...headers.keys()],
}

/** The span's name for a method. An unknown method is the caller's data, and makes no name. */
export const methodNameOf = (method = ''): string => (isKnownMethod(method) ? method : 'HTTP')

/** Sets the method's attributes. @returns the span's name for it */
export function methodOf(method: string, attributes: Attributes): string {
  const known = isKnownMethod(method)
  attributes['http.request.method'] = known ? method : '_OTHER'
  if (!known) attributes['http.request.method_original'] = method
  return known ? method : 'HTTP'
}

/**
 * Describes the root span of a request.
 *
 * Source: semantic conventions for HTTP spans, "HTTP server", and for FaaS spans, `faas.trigger`.
 */
export function describeRequest({ url, method, headers }: Request, active: Context): Description {
  const { protocol, pathname, search, hostname, port } = new URL(url)
  const attributes: Attributes = {
    'faas.trigger': 'http',
    'url.scheme': protocol.slice(0, -1),
    'url.path': pathname,
    'server.address': hostname,
  }
  if (port) attributes['server.port'] = Number(port)
  if (search) attributes['url.query'] = redacted(search.slice(1))
  const agent = headers.get('user-agent')
  if (agent) attributes['user_agent.original'] = agent
  // Cloudflare's own header cannot be forged there; elsewhere the original client leads the list of proxies.
  const client = headers.get('cf-connecting-ip') ?? addressOf(headers.get('x-forwarded-for')?.split(',')[0])
  if (client) attributes['client.address'] = client
  const name = methodOf(method, attributes)
  return { name, kind: SpanKind.SERVER, attributes, links: [], parent: nearest(active, extract(headers, getter, active)) }
}
