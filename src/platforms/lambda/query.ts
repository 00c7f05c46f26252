import { isBag, list } from './events.ts'

/** Query parameters that are credentials wherever they occur (URL registry, `url.query`); names match by case. */
const SECRETS = new Set([
  'AWSAccessKeyId',
  'Signature',
  'sig',
  'X-Goog-Signature',
  'X-Amz-Signature',
  'X-Amz-Credential',
  'X-Amz-Security-Token',
])

/** The query string with known secrets' values replaced by `REDACTED` and their names kept. */
export function redact(query: string): string {
  let clean = ''
  let copied = 0
  for (let start = 0; start < query.length; ) {
    const ampersand = query.indexOf('&', start)
    const end = ampersand === -1 ? query.length : ampersand
    const equals = query.indexOf('=', start)
    if (equals !== -1 && equals < end && SECRETS.has(decode(query.slice(start, equals)))) {
      clean += `${query.slice(copied, equals + 1)}REDACTED`
      copied = end
    }
    start = end + 1
  }
  return copied === 0 ? query : clean + query.slice(copied)
}

/**
 * A query string out of an event's parsed parameters. REST APIs hand them over decoded and so `encoded` is false;
 * load balancers leave them as they were sent.
 */
export function joinQuery(multi: unknown, single: unknown, encoded: boolean): string {
  const write = encoded ? String : encode
  const pairs: string[] = []
  if (isBag(multi)) {
    for (const key in multi) for (const value of list(multi[key])) pairs.push(pair(key, value, write))
  } else if (isBag(single)) {
    for (const key in single) pairs.push(pair(key, single[key], write))
  }
  return pairs.join('&')
}

function pair(key: string, value: unknown, write: (part: string) => string): string {
  return `${write(key)}=${typeof value === 'string' ? write(value) : ''}`
}

// An escaped letter must not smuggle a secret past its name.
function decode(key: string): string {
  if (!key.includes('%')) return key
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

// A lone surrogate cannot be encoded; the rest of the query is still worth having.
function encode(part: string): string {
  try {
    return encodeURIComponent(part)
  } catch {
    return '%EF%BF%BD'
  }
}
