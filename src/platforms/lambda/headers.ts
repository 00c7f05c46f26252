import type { TextMapGetter } from '@opentelemetry/api'
import { isBag } from './events.ts'
import type { Bag } from './events.ts'

/** The headers of an HTTP event: REST APIs send both forms, load balancers either, HTTP APIs only the first. */
export interface EventHeaders {
  readonly single: Bag | undefined
  readonly multi: Bag | undefined
}

/** The headers of `event`, or `undefined` if it has none. */
export function headersOf(event: Bag): EventHeaders | undefined {
  const single = isBag(event['headers']) ? event['headers'] : undefined
  const multi = isBag(event['multiValueHeaders']) ? event['multiValueHeaders'] : undefined
  return single === undefined && multi === undefined ? undefined : { single, multi }
}

/** The first value of a header; `name` is lower case. */
export function header(headers: EventHeaders | undefined, name: string): string | undefined {
  const value = headers === undefined ? undefined : values(headers, name)
  return Array.isArray(value) ? value[0] : value
}

/** Reads headers for propagators: names in any case, and all values of a repeated header. */
export const headerGetter: TextMapGetter<EventHeaders> = {
  get: (headers, key) => values(headers, key.toLowerCase()),
  keys: (headers) => Object.keys(headers.multi ?? headers.single ?? {}).map((key) => key.toLowerCase()),
}

function values(headers: EventHeaders, name: string): string | string[] | undefined {
  if (headers.multi !== undefined) {
    const found = lookup(headers.multi, name)
    if (Array.isArray(found)) {
      const strings = found.filter((value) => typeof value === 'string')
      if (strings.length > 0) return strings.length === 1 ? strings[0] : strings
    }
  }
  if (headers.single === undefined) return undefined
  const found = lookup(headers.single, name)
  return typeof found === 'string' ? found : undefined
}

function lookup(headers: Bag, name: string): unknown {
  const exact = headers[name]
  if (exact !== undefined) return exact
  // REST APIs keep the client's spelling. Lengths are compared first, so that few names are lower-cased.
  for (const key in headers) {
    if (key.length === name.length && key.toLowerCase() === name) return headers[key]
  }
  return undefined
}
