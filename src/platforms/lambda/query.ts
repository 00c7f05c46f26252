import { isBag, list } from './events.ts'

/**
 * Makes a query string of an event's parsed parameters. REST APIs pass them decoded, so `encoded` is false; load balancers
 * leave them as they were sent.
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

// A lone surrogate cannot be encoded; the rest of the query is still worth having.
function encode(part: string): string {
  try {
    return encodeURIComponent(part)
  } catch {
    return '%EF%BF%BD'
  }
}
