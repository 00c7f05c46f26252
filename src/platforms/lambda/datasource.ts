import type { Attributes } from '@opentelemetry/api'
import {
  FAAS_DOCUMENT_COLLECTION,
  FAAS_DOCUMENT_NAME,
  FAAS_DOCUMENT_OPERATION,
  FAAS_DOCUMENT_TIME,
  FAAS_TRIGGER,
} from './attributes.ts'
import type { Description } from './description.ts'
import { bag, MAX_RECORDS, nameOf, text } from './events.ts'

type Operation = 'insert' | 'edit' | 'delete'

/** Describes an S3 event. Source: FaaS spans, "Datasource": in its examples, a bucket is the collection and a file the name. */
export function describeS3(draft: Description, records: readonly unknown[]): void {
  const first = bag(records[0])
  const s3 = bag(first['s3'])
  describeDocument(draft, {
    [FAAS_DOCUMENT_COLLECTION]: text(bag(s3['bucket'])['name']),
    [FAAS_DOCUMENT_NAME]: records.length === 1 ? decodeKey(text(bag(s3['object'])['key'])) : undefined,
    [FAAS_DOCUMENT_OPERATION]: uniform(records, operationOfS3),
    [FAAS_DOCUMENT_TIME]: text(first['eventTime']),
  })
}

/**
 * Describes a batch of a DynamoDB stream. DynamoDB has nothing above its tables, so the table is both the collection, which is
 * required, and the name, as in the conventions for Cosmos DB.
 *
 * Source: FaaS spans, "Datasource".
 */
export function describeDynamoDb(draft: Description, records: readonly unknown[]): void {
  const first = bag(records[0])
  const table = nameOf(first['eventSourceARN'])
  describeDocument(draft, {
    [FAAS_DOCUMENT_COLLECTION]: table,
    [FAAS_DOCUMENT_NAME]: table,
    [FAAS_DOCUMENT_OPERATION]: uniform(records, operationOfDynamoDb),
    [FAAS_DOCUMENT_TIME]: isoSeconds(bag(first['dynamodb'])['ApproximateCreationDateTime']),
  })
  draft.batchSize = records.length
}

function describeDocument(draft: Description, found: Attributes): void {
  draft.trigger = 'datasource'
  draft.attributes[FAAS_TRIGGER] = 'datasource'
  for (const name in found) if (found[name] !== undefined) draft.attributes[name] = found[name]
}

/** The operation that all records share; `undefined` for a mixed batch. */
function uniform(records: readonly unknown[], operationOf: (name: string) => Operation | undefined) {
  const first = text(bag(records[0])['eventName'])
  const operation = first === undefined ? undefined : operationOf(first)
  for (let index = 1; index < records.length && index < MAX_RECORDS; index++) {
    const name = text(bag(records[index])['eventName'])
    if (name !== first && (name === undefined || operationOf(name) !== operation)) return undefined
  }
  return operation
}

/** What neither makes nor removes an object changes something about it. Source: Amazon S3, "Supported event types". */
function operationOfS3(name: string): Operation {
  if (name.startsWith('ObjectCreated:')) return 'insert'
  if (name.startsWith('ObjectRemoved:') || name.startsWith('LifecycleExpiration:')) return 'delete'
  return 'edit'
}

function operationOfDynamoDb(name: string): Operation | undefined {
  switch (name) {
    case 'INSERT':
      return 'insert'
    case 'MODIFY':
      return 'edit'
    case 'REMOVE':
      return 'delete'
    default:
      return undefined
  }
}

/** Decodes a key, which arrives as in a form: escaped, and a plus for a space (Amazon S3, "Event message structure"). */
function decodeKey(key: string | undefined): string | undefined {
  if (key === undefined) return undefined
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return key
  }
}

function isoSeconds(seconds: unknown): string | undefined {
  if (typeof seconds !== 'number') return undefined
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
