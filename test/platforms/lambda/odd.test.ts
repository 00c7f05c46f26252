import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { describe as describeInvocation } from '../../../src/platforms/lambda/describe.ts'
import type { LambdaContextLike } from '../../../src/platforms/lambda/description.ts'
import { context } from './events/context.ts'
import * as http from './events/http.ts'
import * as messages from './events/messages.ts'
import * as others from './events/others.ts'
import { described } from './support.ts'

const samples: Record<string, unknown>[] = [
  http.restApi, http.httpApi, http.functionUrl, http.webSocketConnect, http.webSocketMessage, http.loadBalancer, http.loadBalancerMulti, http.authorizer,
  messages.sqs, messages.sns, messages.kinesis, messages.kinesisConsumer, messages.firehose, messages.kafka, messages.activeMq, messages.rabbitMq,
  messages.eventBridge, messages.cloudWatchLogs, others.s3, others.dynamoDb, others.scheduledRule, others.scheduler, others.cognito, others.appSync, others.durable,
]

function thrower(): never {
  throw new Error('hands off')
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

const cyclic: Record<string, unknown> = { name: 'cyclic' }
cyclic['requestContext'] = cyclic
cyclic['http'] = cyclic
cyclic['headers'] = cyclic
cyclic['Records'] = [cyclic]

describe('an event that is malformed', () => {
  it.each<[string, unknown]>([
    ['null', null], ['undefined', undefined], ['a string', 'Records'], ['a number', Number.NaN], ['a bigint', 1n], ['a symbol', Symbol('Records')], ['a boolean', true],
    ['a function', () => thrower()], ['an array', [http.httpApi]], ['a map', new Map([['Records', []]])], ['without a prototype', Object.create(null)],
    ['a proxy that throws', new Proxy({}, { get: thrower, has: thrower, ownKeys: thrower, getPrototypeOf: thrower })],
    ['a revoked proxy', revoked({})],
    ['a getter that throws', { get requestContext() { return thrower() } }],
    ['records that are revoked', { Records: revoked([]) }],
    ['no records', { Records: [] }], ['records of nothing', { Records: [null] }], ['records that are a string', { Records: 'aws:sqs' }],
    ['an unknown source', { Records: [{ eventSource: 'aws:teapot' }] }],
    ['a half of EventBridge', { 'detail-type': 'Scheduled Event' }], ['a bare context', { requestContext: {} }], ['a context of null', { requestContext: null }],
    ['a getter deep inside', { ...http.httpApi, requestContext: { http: {}, get domainName() { return thrower() } } }],
    ['headers that throw', { ...http.httpApi, requestContext: { ...http.httpApi.requestContext, get routeKey() { return thrower() } }, routeKey: undefined }],
  ])('is described as a plain invocation: %s', (_, event) => {
    const description = described(event)
    expect(description).toMatchObject({ name: 'orders', kind: SpanKind.SERVER, trigger: 'other', links: [], parent: ROOT_CONTEXT, batchSize: 0 })
    expect(description.attributes['faas.trigger']).toBe('other')
    expect(description.attributes['faas.invocation_id']).toBe(context.awsRequestId)
  })

  it('may contain cycles', () => {
    expect(described(cyclic).trigger).toBe('http')
  })

  it('may be huge: endless records are not read to the end, a long query is redacted', () => {
    const record = messages.sqsRecord('a', { attributes: { AWSTraceHeader: messages.XRAY } })
    const endless = described({ Records: Object.assign([record], { length: 4_000_000_000 }) })
    expect(endless.batchSize).toBe(4_000_000_000)
    const query = described({ ...http.httpApi, rawQueryString: 'sig=1&'.repeat(200_000) })
    expect(query.attributes['url.query']).toBe('sig=REDACTED&'.repeat(200_000))
  })
})

describe('a context that is malformed', () => {
  it.each<[string, unknown]>([
    ['null', null], ['undefined', undefined], ['empty', {}], ['a string', 'context'], ['of numbers', { awsRequestId: 1, invokedFunctionArn: 2, functionName: 3, functionVersion: 4 }],
    ['a proxy that throws', new Proxy({}, { get: thrower })], ['an endless ARN', { invokedFunctionArn: ':'.repeat(100_000) }],
  ])('still gives a name: %s', (_, odd) => {
    const description = describeInvocation({}, odd as LambdaContextLike, { active: ROOT_CONTEXT })
    expect(description.name).toEqual(expect.any(String))
    expect(description.name).not.toBe('')
  })
})

describe('a sample event with random parts replaced by odd values', () => {
  // A generator with a fixed seed: a failure must be the same failure tomorrow.
  let seed = 20260102
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  const odd: unknown[] = [
    null, undefined, '', 'x', ' ', '\uD800', 0, -1, Number.NaN, 1n, true, Symbol('odd'), [], {}, [[]], [null], () => 1, cyclic, new Date(Number.NaN), 'a'.repeat(10_000), '%', '::::::', '////',
    new Proxy({}, { get: thrower }), new Proxy([], { get: thrower }), revoked([]), { toString: thrower, valueOf: thrower },
  ]

  function mutate(value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null || depth === 0 || odd.includes(value)) return odd[random(odd.length)]
    const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value }
    const keys = Object.keys(copy)
    const key = keys[random(keys.length)]
    if (key === undefined) return odd[random(odd.length)]
    Object.assign(copy, { [key]: mutate((value as Record<string, unknown>)[key], depth - 1) })
    return copy
  }

  it('is described, with attribute values that an exporter can take', () => {
    for (let round = 0; round < 20_000; round++) {
      let event: unknown = samples[round % samples.length]
      for (let times = 1 + random(3); times > 0; times--) event = mutate(event, 1 + random(5))
      const { name, attributes, links } = described(event)
      expect(name === '' || typeof name !== 'string').toBe(false)
      expect(links.length).toBeLessThanOrEqual(128)
      for (const [key, value] of Object.entries(attributes)) {
        if (!['string', 'number', 'boolean'].includes(typeof value)) throw new Error(`${key} is ${typeof value}`)
      }
    }
  })
})
