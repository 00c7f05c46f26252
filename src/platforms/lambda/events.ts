/** An object of unknown content: events are the callers' data, and nothing in them is certain. */
export interface Bag {
  readonly [key: string]: unknown
}

/** Stands in for an absent object, so that reading further needs no branches. */
export const EMPTY: Bag = Object.freeze({})

/** The most records an event source mapping delivers at once; an array longer than this was not made by Lambda. */
export const MAX_RECORDS = 10_000

export function isBag(value: unknown): value is Bag {
  return typeof value === 'object' && value !== null
}

export function bag(value: unknown): Bag {
  return isBag(value) ? value : EMPTY
}

/** A string that is not empty, otherwise `undefined`: an empty attribute says nothing. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/**
 * The resource part of an ARN: what follows the fifth colon. It may contain colons itself (a DynamoDB stream is named by
 * a time stamp), so the last colon is not the right place to split.
 *
 * Source: AWS, "Identify AWS resources with Amazon Resource Names".
 */
export function resourceOf(arn: unknown): string | undefined {
  const value = text(arn)
  if (value === undefined) return undefined
  let colon = -1
  for (let field = 0; field < 5; field++) {
    colon = value.indexOf(':', colon + 1)
    if (colon === -1) return undefined
  }
  return text(value.slice(colon + 1))
}

/** The name in a resource of the form `type/name` or `type/name/more`. */
export function nameOf(arn: unknown): string | undefined {
  const resource = resourceOf(arn)
  if (resource === undefined) return undefined
  const slash = resource.indexOf('/')
  if (slash === -1) return resource
  const end = resource.indexOf('/', slash + 1)
  return text(end === -1 ? resource.slice(slash + 1) : resource.slice(slash + 1, end))
}
