import { SpanStatusCode } from '@opentelemetry/api'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { describe, expect, it } from 'vitest'
import { reflect } from '../../../src/platforms/lambda/result.ts'
import * as http from './events/http.ts'
import * as messages from './events/messages.ts'
import * as others from './events/others.ts'
import { described } from './support.ts'

const tracer = new TracerProvider().getTracer('test')

/** Returns what a result adds to the root span of an event. */
function reflected(event: unknown, result: unknown): { attributes: unknown; status: unknown } {
  const span = tracer.startSpan('root')
  reflect(span, described(event), result, event)
  const { attributes, status } = span as unknown as { attributes: unknown; status: { code: SpanStatusCode } }
  return { attributes, status: status.code }
}

const untouched = { attributes: {}, status: SpanStatusCode.UNSET }

describe('the response status', () => {
  const answering = (statusCode: unknown) => reflected(http.restApi, { statusCode, body: '' })

  it.each([100, 200, 204, 302, 404, 499])('%i is not a server error', (statusCode) => {
    expect(answering(statusCode)).toEqual({ attributes: { 'http.response.status_code': statusCode }, status: SpanStatusCode.UNSET })
  })

  it.each([500, 503, 599])('%i is a server error', (statusCode) => {
    expect(answering(statusCode)).toEqual({
      attributes: { 'http.response.status_code': statusCode, 'error.type': String(statusCode) },
      status: SpanStatusCode.ERROR,
    })
  })

  it('may be given as a string', () => {
    expect(answering('201').attributes).toEqual({ 'http.response.status_code': 201 })
  })

  it.each(['', 'ok', '20x', 0, 99, 600, 200.5, Number.NaN, null, true, {}, [200]])('is not recorded if the status code is %j', (statusCode) => {
    expect(answering(statusCode)).toEqual(untouched)
  })

  it.each([undefined, null, 'text', 7])('is not recorded if the result is %j', (result) => {
    expect(reflected(http.restApi, result)).toEqual(untouched)
    expect(reflected(http.loadBalancer, result)).toEqual(untouched)
  })

  it('is 200 if payload format 2.0 takes the result for the body', () => {
    for (const event of [http.httpApi, http.functionUrl]) {
      for (const result of [{ id: 1 }, 'text', 7, []]) {
        expect(reflected(event, result).attributes).toEqual({ 'http.response.status_code': 200 })
      }
    }
  })

  it.each([undefined, null])('is not guessed for the result %j: a streaming handler returns nothing', (result) => {
    expect(reflected(http.functionUrl, result)).toEqual(untouched)
  })
})

describe('a partial batch response', () => {
  const naming = (...ids: unknown[]) => ({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) })
  const partial = (failures: number) => ({ attributes: { 'flushed.batch_item_failures': failures }, status: SpanStatusCode.UNSET })
  const complete = (failures: number) => ({
    attributes: { 'flushed.batch_item_failures': failures, 'error.type': 'batch_item_failures' },
    status: SpanStatusCode.ERROR,
  })

  it('has its failures counted, and is no error', () => {
    expect(reflected(messages.sqs, naming())).toEqual(partial(0))
    expect(reflected(messages.sqs, naming('a1'))).toEqual(partial(1))
  })

  it('that names a record twice counts it once', () => {
    expect(reflected(messages.sqs, naming('a1', 'a1'))).toEqual(partial(1))
  })

  it('is an error if all records failed', () => {
    for (const event of [messages.sqs, messages.kinesis, others.dynamoDb]) {
      expect(reflected(event, naming('a1', 'a2'))).toEqual(complete(2))
    }
  })

  it.each([[naming(null)], [naming('')], [naming(undefined)], [{ batchItemFailures: [{ id: 'a1' }] }], [{ batchItemFailures: [null] }]])(
    'that does not identify a record is an error, since Lambda then treats all as failed: %j',
    (result) => {
      for (const event of [messages.sqs, messages.kinesis, others.dynamoDb]) expect(reflected(event, result)).toEqual(complete(1))
    },
  )

  it('that names an unknown message is an error for a queue, but not for a stream', () => {
    expect(reflected(messages.sqs, naming('a3'))).toEqual(complete(1))
    for (const event of [messages.kinesis, others.dynamoDb]) expect(reflected(event, naming('a3'))).toEqual(partial(1))
  })

  it.each([undefined, null, {}, { batchItemFailures: null }, { batchItemFailures: 'a1' }, 'ok'])('is not recognised in %j', (result) => {
    expect(reflected(messages.sqs, result)).toEqual(untouched)
  })
})

describe('a result that means nothing to its trigger', () => {
  it.each([
    ['plain', { order: 1 }],
    ['timer', others.scheduler],
    ['S3', others.s3],
    ['authorizer', http.authorizer],
    ['SNS', messages.sns],
  ])('leaves the root span as it is: %s', (_, event) => {
    expect(reflected(event, { statusCode: 500, batchItemFailures: [{}] })).toEqual(untouched)
  })
})

describe('a result', () => {
  it('is never changed', () => {
    const result = Object.freeze({ statusCode: '500', headers: Object.freeze({}) })
    reflected(http.restApi, result)
    expect(result).toEqual({ statusCode: '500', headers: {} })
  })

  it('that throws when it is read leaves the root span as it is', () => {
    const hostile = new Proxy({}, { get: () => { throw new Error('no') } })
    expect(reflected(http.restApi, hostile)).toEqual(untouched)
    expect(reflected(messages.sqs, hostile)).toEqual(untouched)
  })
})

describe('the status of a durable execution', () => {
  const ended = (result: unknown) => reflected(others.durable, result)

  it.each(['SUCCEEDED', 'PENDING'])('%s is not an error', (Status) => {
    expect(ended({ Status })).toEqual({ attributes: { 'durable.invocation.status': Status }, status: SpanStatusCode.UNSET })
  })

  it('FAILED is an error, with the type that the handler threw', () => {
    const failed = ended({ Status: 'FAILED', Error: { ErrorType: 'RangeError', ErrorMessage: 'out of stock' } })
    expect(failed).toEqual({ attributes: { 'durable.invocation.status': 'FAILED', 'error.type': 'RangeError' }, status: SpanStatusCode.ERROR })
  })

  it('FAILED without details is an error too', () => {
    expect(ended({ Status: 'FAILED' }).status).toBe(SpanStatusCode.ERROR)
  })

  it.each([undefined, null, 'FAILED', {}, { Status: 5 }])('is not recorded for the result %j', (result) => {
    expect(ended(result)).toEqual(untouched)
  })
})
