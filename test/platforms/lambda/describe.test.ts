import { context as contextApi, createContextKey, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api'
import { beforeEach, describe, expect, it } from 'vitest'
import { resetColdStart } from '../../../src/platforms/lambda/coldstart.ts'
import { describe as describeInvocation } from '../../../src/platforms/lambda/describe.ts'
import { ARN, context } from './events/context.ts'
import * as http from './events/http.ts'
import * as messages from './events/messages.ts'
import * as others from './events/others.ts'
import { described } from './support.ts'

beforeEach(() => resetColdStart())

describe('every invocation', () => {
  it('is a server span named after the function', () => {
    const plain = described({ order: 1 })
    expect(plain).toMatchObject({ name: 'orders', kind: SpanKind.SERVER, links: [], trigger: 'other', source: 'unknown', batchSize: 0 })
  })

  it('carries its own identifiers, and separately those of the function', () => {
    const { attributes, constant } = described({ order: 1 })
    expect(attributes).toEqual({
      'faas.trigger': 'other',
      'faas.invocation_id': '8f507cfc-xmpl-4697-b07a-ac58fc914c95',
      'faas.coldstart': true,
    })
    expect(constant).toEqual({
      'cloud.resource_id': ARN,
      'cloud.account.id': '123456789012',
      'cloud.region': 'eu-west-1',
      'aws.lambda.invoked_arn': ARN,
    })
  })

  it('is a cold start only once', () => {
    expect([1, 2, 3].map((order) => described({ order }).attributes['faas.coldstart'])).toEqual([true, false, false])
  })

  it('tells a cold start by the clock that is passed', () => {
    resetColdStart(0)
    const late = describeInvocation({}, context, { active: ROOT_CONTEXT, now: () => 60_000 })
    expect(late.attributes['faas.coldstart']).toBe(false)
  })

  it('has the active context as its parent if the event brings no other', () => {
    const active = contextApi.active().setValue(createContextKey('mine'), 1)
    expect(describeInvocation({}, context, { active }).parent).toBe(active)
    expect(describeInvocation(messages.sqs, context, { active }).parent).toBe(active)
  })

  it('has attributes of its own: one invocation cannot write into those of the next', () => {
    described({}).attributes['mine'] = true
    expect(described({}).attributes).not.toHaveProperty('mine')
  })
})

describe('the trigger is recognised by the shape of the event', () => {
  it.each([
    ['REST API', http.restApi, 'api_gateway_rest', 'http', 'GET /pets/{petId}', SpanKind.SERVER],
    ['HTTP API', http.httpApi, 'api_gateway_http', 'http', 'POST /orders/{id}', SpanKind.SERVER],
    ['WebSocket handshake', http.webSocketConnect, 'api_gateway_websocket', 'http', '$connect', SpanKind.SERVER],
    ['WebSocket message', http.webSocketMessage, 'api_gateway_websocket', 'http', 'sendMessage', SpanKind.SERVER],
    ['function URL', http.functionUrl, 'function_url', 'http', 'orders', SpanKind.SERVER],
    ['load balancer', http.loadBalancer, 'alb', 'http', 'orders', SpanKind.SERVER],
    ['load balancer, multi-value', http.loadBalancerMulti, 'alb', 'http', 'orders', SpanKind.SERVER],
    ['authorizer', http.authorizer, 'authorizer', 'other', 'orders', SpanKind.SERVER],
    ['SQS', messages.sqs, 'sqs', 'pubsub', 'orders-queue process', SpanKind.CONSUMER],
    ['SNS', messages.sns, 'sns', 'pubsub', 'order-events process', SpanKind.CONSUMER],
    ['Kinesis', messages.kinesis, 'kinesis', 'pubsub', 'clicks process', SpanKind.CONSUMER],
    ['Kinesis, fan-out', messages.kinesisConsumer, 'kinesis', 'pubsub', 'clicks process', SpanKind.CONSUMER],
    ['Firehose', messages.firehose, 'firehose', 'pubsub', 'clicks-to-lake process', SpanKind.CONSUMER],
    ['Kafka', messages.kafka, 'kafka', 'pubsub', 'orders process', SpanKind.CONSUMER],
    ['ActiveMQ', messages.activeMq, 'activemq', 'pubsub', 'testQueue process', SpanKind.CONSUMER],
    ['RabbitMQ', messages.rabbitMq, 'rabbitmq', 'pubsub', 'pizzaQueue process', SpanKind.CONSUMER],
    ['EventBridge', messages.eventBridge, 'eventbridge', 'pubsub', 'orders', SpanKind.CONSUMER],
    ['CloudWatch Logs', messages.cloudWatchLogs, 'cloudwatch_logs', 'pubsub', 'orders', SpanKind.CONSUMER],
    ['S3', others.s3, 's3', 'datasource', 'orders', SpanKind.SERVER],
    ['DynamoDB', others.dynamoDb, 'dynamodb', 'datasource', 'orders', SpanKind.SERVER],
    ['scheduled rule', others.scheduledRule, 'schedule', 'timer', 'orders', SpanKind.SERVER],
    ['EventBridge Scheduler', others.scheduler, 'schedule', 'timer', 'orders', SpanKind.SERVER],
    ['Cognito', others.cognito, 'cognito', 'other', 'orders', SpanKind.SERVER],
    ['AppSync', others.appSync, 'appsync', 'other', 'orders', SpanKind.SERVER],
    ['a durable execution', others.durable, 'durable', 'other', 'orders', SpanKind.SERVER],
  ])('%s', (_, event, source, trigger, name, kind) => {
    const description = described(event)
    expect(description).toMatchObject({ source, trigger, name, kind })
    expect(description.attributes['faas.trigger']).toBe(trigger)
  })
})

describe('what only resembles an event of a service', () => {
  const request = { requestContext: { http: { method: 'GET' } } }

  it.each([
    { 'detail-type': 'Scheduled Event' },
    { source: 'aws.events' },
    { awslogs: {} },
    { deliveryStreamArn: 'arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks' },
    { records: [] },
    { triggerSource: 'PreSignUp_SignUp' },
    { userPoolId: 'eu-west-1_pool' },
    { DurableExecutionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:orders' },
    { CheckpointToken: 'token' },
    { requestContext: { connectionId: 'c1' } },
    { requestContext: { eventType: 'CONNECT' } },
    { requestContext: {} },
    { Records: [{ eventSource: 'aws:codecommit' }] },
    { eventSource: 'aws:other' },
  ])('is a plain invocation: %j', (event) => {
    expect(described(event)).toMatchObject({ source: 'unknown', trigger: 'other', name: 'orders' })
  })

  it.each([
    ['an event of EventBridge', 'eventbridge', { source: 'aws.events', 'detail-type': 'OrderPlaced' }],
    ['an event of EventBridge', 'eventbridge', { source: 'shop.orders', 'detail-type': 'Scheduled Event' }],
    ['a request', 'api_gateway_http', { ...request, type: 'REQUEST' }],
    ['a request', 'api_gateway_http', { ...request, routeArn: 'arn:aws:execute-api:eu-west-1:123456789012:a/b/GET/' }],
  ])('is %s (%s): %j', (_, source, event) => {
    expect(described(event).source).toBe(source)
  })
})

describe('a timer', () => {
  it.each([['scheduled rule', others.scheduledRule], ['EventBridge Scheduler', others.scheduler]])('has the scheduled time, and no cron expression: %s', (_, event) => {
    expect(described(event).attributes['faas.time']).toBe('2026-01-02T12:45:00Z')
    expect(described(event).attributes).not.toHaveProperty('faas.cron')
  })
})
