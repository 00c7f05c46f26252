/**
 * Requests that an invocation makes: each has a span, and sends the span's context along.
 *
 * @module
 */
import { type Attributes, type Context, SpanKind, type TextMapSetter, context, propagation, trace } from '@opentelemetry/api'
import { contextWithin, currentOwner } from '../core/current.ts'
import { injectW3C } from '../core/propagation.ts'
import { recordError } from '../core/span.ts'
import { over } from './over.ts'
import { redacted } from './query.ts'
import { methodOf } from './request.ts'
import { reflectResponse } from './response.ts'

/**
 * `fetch` with a client span in the current invocation, and with that span's context in the request's headers. The propagator
 * that the application has registered writes the headers; without one, they are W3C's `traceparent` and `tracestate`.
 *
 * The span ends when the response's headers are there. It records the URL with credentials redacted. A status of 400 or higher is
 * an error. What is sent, returned and thrown is `fetch`'s own; a `Request` is not changed. Outside an invocation there is no
 * span, and the context of the active one is sent. Without AsyncLocalStorage, this is also so after a handler's first `await`.
 *
 * Source: semantic conventions for HTTP spans, "HTTP client".
 *
 * @example
 * const response = await tracedFetch('https://api.example.com/orders', { method: 'POST', body })
 */
export const tracedFetch: typeof fetch = (input: RequestInfo | URL, init?: RequestInit) => send(fetch, input, init)

/**
 * The same as `tracedFetch` for anything else that has a `fetch`: a service binding, a Durable Object's stub, or a module or an
 * application with `fetch(request, env, ctx)`. Of three arguments, the last two are passed on unchanged. The first is passed on
 * as a new `Request`, unless its body has been read.
 *
 * @example
 * const response = await traced(env.ORDERS).fetch('https://orders/1')
 */
export const traced = <F extends { fetch: (...args: never[]) => unknown }>(fetcher: F): Pick<F, 'fetch'> => {
  // Called as a method of its object: bindings refuse anything else.
  const run = (...args: unknown[]) => fetcher.fetch(...(args as never[]))
  const fetch = (input: RequestInfo | URL, ...more: unknown[]) =>
    more.length > 1
      ? // Of one whose body has been read, there can be no other.
        send((target, init) => run(init && !(target as Request).bodyUsed ? new Request(target, init) : target, ...more), input)
      : send(run, input, more[0] as RequestInit | undefined)
  return { fetch: fetch as F['fetch'] }
}

async function send(run: (input: RequestInfo | URL, init?: RequestInit) => unknown, input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const active = context.active()
  const owner = currentOwner(active)
  let headers: Headers
  let attributes: Attributes
  let name: string
  try {
    const request = typeof input === 'object' && 'headers' in input ? input : undefined
    headers = new Headers(init?.headers === undefined ? request?.headers : init.headers)
    attributes = describeTarget(request?.url ?? `${input as string | URL}`)
    name = methodOf((init?.method ?? request?.method ?? 'GET').toUpperCase(), attributes)
  } catch {
    // `fetch` cannot use this either: the error is its own.
    return run(input, init) as Promise<Response>
  }
  const span = owner?.span(name, { kind: SpanKind.CLIENT, attributes })
  const within = span && owner ? trace.setSpan(contextWithin(owner), span) : active
  inject(within, headers)
  try {
    const response = (await context.with(within, () => run(input, withHeaders(init, headers)))) as Response
    if (span) reflectResponse(span, response, 400)
    return response
  } catch (error) {
    if (span) recordError(span, error)
    throw error
  } finally {
    span?.end()
  }
}

// What is given may be a `Request`.
const withHeaders = (init: RequestInit | undefined, headers: Headers): RequestInit =>
  init ? over(init, { ...init, headers }) : { headers }

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 }

function describeTarget(target: string): Attributes {
  const url = new URL(target)
  const { protocol, hostname, port, username, password } = url
  if (username) url.username = 'REDACTED'
  if (password) url.password = 'REDACTED'
  if (url.search) url.search = redacted(url.search.slice(1))
  return { 'server.address': hostname, 'server.port': Number(port) || DEFAULT_PORTS[protocol], 'url.full': url.href }
}

const setter: TextMapSetter<Headers> = { set: (headers, key, value) => headers.set(key, value) }

const inject = (within: Context, headers: Headers): void =>
  propagation.fields().length > 0 ? propagation.inject(within, headers, setter) : injectW3C(within, headers, setter)
