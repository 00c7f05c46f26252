import { describe, expect, it } from 'vitest'
import { dynamoDb, dynamoDbRecord, s3, s3Record } from './events/others.ts'
import { described } from './support.ts'

function document(Records: unknown[]): Record<string, unknown> {
  const all = Object.entries(described({ Records }).attributes)
  return Object.fromEntries(all.filter(([key]) => key.startsWith('faas.document.')))
}

describe('S3', () => {
  it('describes the object, with its key unescaped', () => {
    expect(document(s3.Records)).toEqual({
      'faas.document.collection': 'invoices',
      'faas.document.name': '2026/annual reporté.pdf',
      'faas.document.operation': 'insert',
      'faas.document.time': '2026-01-02T12:45:07.000Z',
    })
  })

  it.each([
    ['ObjectCreated:CompleteMultipartUpload', 'insert'],
    ['ObjectRemoved:DeleteMarkerCreated', 'delete'],
    ['LifecycleExpiration:Delete', 'delete'],
    ['ObjectTagging:Put', 'edit'],
    ['ObjectRestore:Completed', 'edit'],
  ])('reports the event %s as the operation %s', (eventName, operation) => {
    expect(document([s3Record(eventName, 'a')])['faas.document.operation']).toBe(operation)
  })

  it('names no object if there are several, and an operation only if they share it', () => {
    const same = document([s3Record('ObjectCreated:Put', 'a'), s3Record('ObjectCreated:Copy', 'b')])
    expect(same).not.toHaveProperty('faas.document.name')
    expect(same['faas.document.operation']).toBe('insert')
    const mixed = document([s3Record('ObjectCreated:Put', 'a'), s3Record('ObjectRemoved:Delete', 'b')])
    expect(mixed).not.toHaveProperty('faas.document.operation')
  })

  it('names no operation if one of several records does not', () => {
    expect(document([s3Record('ObjectCreated:Put', 'a'), {}])).not.toHaveProperty('faas.document.operation')
    expect(document([{}, s3Record('ObjectCreated:Put', 'a')])).not.toHaveProperty('faas.document.operation')
  })

  it('keeps a key that cannot be unescaped as it is', () => {
    expect(document([s3Record('ObjectCreated:Put', '100%')])['faas.document.name']).toBe('100%')
  })
})

describe('DynamoDB', () => {
  it('describes the table', () => {
    expect(document(dynamoDb.Records)).toEqual({
      'faas.document.collection': 'Orders',
      'faas.document.name': 'Orders',
      'faas.document.operation': 'insert',
      'faas.document.time': '2026-01-02T13:00:00.000Z',
    })
  })

  it.each([['INSERT', 'insert'], ['MODIFY', 'edit'], ['REMOVE', 'delete']])('reports the change %s as the operation %s', (eventName, operation) => {
    expect(document([dynamoDbRecord(eventName)])['faas.document.operation']).toBe(operation)
  })

  it('names no operation for changes of several kinds, or of an unknown one', () => {
    expect(document([dynamoDbRecord('INSERT'), dynamoDbRecord('REMOVE')])).not.toHaveProperty('faas.document.operation')
    expect(document([dynamoDbRecord('TRUNCATE')])).not.toHaveProperty('faas.document.operation')
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, '1', null])('has no time if the creation time is %s', (ApproximateCreationDateTime) => {
    const record = { ...dynamoDbRecord('INSERT'), dynamodb: { ApproximateCreationDateTime } }
    expect(document([record])).not.toHaveProperty('faas.document.time')
  })

  it('counts as a batch, whose failures can be reported', () => {
    expect(described(dynamoDb).batchSize).toBe(2)
  })
})
