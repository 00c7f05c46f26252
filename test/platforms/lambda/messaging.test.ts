import { describe, expect, it } from 'vitest'
import * as http from './events/http.ts'
import * as events from './events/messages.ts'
import { described } from './support.ts'

function messaging(event: unknown): Record<string, unknown> {
  const all = Object.entries(described(event).attributes)
  return Object.fromEntries(all.filter(([key]) => key.startsWith('messaging.') || key.startsWith('aws.sns') || key.startsWith('aws.kinesis')))
}

const processing = { 'messaging.operation.type': 'process', 'messaging.operation.name': 'process' }

describe('SQS', () => {
  it('describes the batch', () => {
    expect(messaging(events.sqs)).toEqual({
      ...processing,
      'messaging.system': 'aws_sqs',
      'messaging.destination.name': 'orders-queue',
      'messaging.batch.message_count': 2,
    })
    expect(described(events.sqs).batchSize).toBe(2)
  })

  it('names the message of a batch of one', () => {
    expect(messaging({ Records: [events.sqsRecord('a1')] })).toMatchObject({ 'messaging.message.id': 'a1', 'messaging.batch.message_count': 1 })
  })

  it('names no queue if the records come from several', () => {
    const Records = [events.sqsRecord('a1'), events.sqsRecord('a2', { eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:other' })]
    expect(described({ Records }).name).toBe('multiple_sources process')
    expect(messaging({ Records })).not.toHaveProperty('messaging.destination.name')
  })

  it('keeps the function’s name if the queue is not known', () => {
    expect(described({ Records: [events.sqsRecord('a1', { eventSourceARN: undefined })] }).name).toBe('orders')
  })
})

describe('span links', () => {
  const links = (...records: unknown[]) => described({ Records: records }).links

  it('lead to the senders, by trace header or message attribute, and name the message', () => {
    expect(described(events.sqs).links).toEqual([
      { context: events.XRAY_CONTEXT, attributes: { 'messaging.message.id': 'a1' } },
      { context: { ...http.CALLER, traceFlags: 1, isRemote: true }, attributes: { 'messaging.message.id': 'a2' } },
    ])
  })

  it('are two if header and attribute name different spans, one if they agree', () => {
    const traced = (spanId: string) => ({
      attributes: { AWSTraceHeader: events.XRAY },
      messageAttributes: { traceparent: { stringValue: `00-${events.XRAY_CONTEXT.traceId}-${spanId}-01` } },
    })
    expect(links(events.sqsRecord('a1', traced('00000000000000aa')))).toHaveLength(2)
    expect(links(events.sqsRecord('a1', traced(events.XRAY_CONTEXT.spanId)))).toHaveLength(1)
  })

  it('are 128 at most', () => {
    const Records = Array.from({ length: 500 }, (_, id) => events.sqsRecord(`m${id}`, { attributes: { AWSTraceHeader: events.XRAY } }))
    const batch = described({ Records })
    expect(batch.links).toHaveLength(128)
    expect(batch.batchSize).toBe(500)
  })

  it.each([
    ['fields in another order, and more of them', 'Lineage=1:2;Sampled=0; Parent=53995c3f42cd8ad8 ;Root=1-5759e988-bd862e3fe1be46a994272793', 0],
    ['an undecided sampling', 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=?', 0],
    ['no sampling', 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8', 0],
  ])('are made from a trace header with %s', (_, AWSTraceHeader, traceFlags) => {
    const [link] = links(events.sqsRecord('a1', { attributes: { AWSTraceHeader } }))
    expect(link?.context).toEqual({ ...events.XRAY_CONTEXT, traceFlags })
  })

  it.each([
    '',
    'Root=1-5759e988-bd862e3fe1be46a994272793',
    'Parent=53995c3f42cd8ad8;Sampled=1',
    'Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8',
    'Root=1-5759e988-bd862e3fe1be46a99427279;Parent=53995c3f42cd8ad8',
    'Root=1-5759e988-bd862e3fe1be46a9942727933;Parent=53995c3f42cd8ad8',
    'Root=1-5759E988-BD862E3FE1BE46A994272793;Parent=53995c3f42cd8ad8',
    'Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8',
    'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=0000000000000000',
    'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8a',
    ';;;==;',
    42,
  ])('are not made from the trace header %j', (AWSTraceHeader) => {
    expect(links(events.sqsRecord('a1', { attributes: { AWSTraceHeader } }))).toEqual([])
  })
})

describe('SNS', () => {
  it('describes the one message', () => {
    expect(messaging(events.sns)).toEqual({
      ...processing,
      'messaging.system': 'aws.sns',
      'messaging.destination.name': 'order-events',
      'messaging.message.id': '95df01b4-ee98-5cb9-9903-4c221d41eb5e',
      'aws.sns.topic.arn': 'arn:aws:sns:eu-west-1:123456789012:order-events',
    })
  })

  it('links to the sender', () => {
    expect(described(events.sns).links).toMatchObject([{ context: http.CALLER }])
  })
})

describe('other deliveries', () => {
  it('Kinesis has no messaging system, since the registry has none for it', () => {
    expect(messaging(events.kinesis)).toEqual({
      ...processing,
      'messaging.destination.name': 'clicks',
      'messaging.batch.message_count': 2,
      'aws.kinesis.stream_name': 'clicks',
    })
  })

  it('Firehose names its stream and counts its records', () => {
    expect(messaging(events.firehose)).toEqual({ ...processing, 'messaging.destination.name': 'clicks-to-lake', 'messaging.batch.message_count': 1 })
  })

  it('Kafka counts its messages over all partitions', () => {
    expect(messaging(events.kafka)).toEqual({ ...processing, 'messaging.system': 'kafka', 'messaging.destination.name': 'orders', 'messaging.batch.message_count': 2 })
  })

  it('Kafka with several topics has a span name that says so', () => {
    const mixed = { ...events.kafka, records: { 'a-0': [{ topic: 'a' }], 'b-0': [{ topic: 'b' }] } }
    expect(described(mixed).name).toBe('multiple_sources process')
  })

  it('ActiveMQ and RabbitMQ name their system and their queue', () => {
    expect(messaging(events.activeMq)).toMatchObject({ 'messaging.system': 'activemq', 'messaging.destination.name': 'testQueue' })
    expect(messaging(events.rabbitMq)).toMatchObject({ 'messaging.system': 'rabbitmq', 'messaging.destination.name': 'pizzaQueue' })
  })

  it('ActiveMQ names the message of a batch of one', () => {
    const [message] = events.activeMq.messages
    expect(messaging(events.activeMq)).toMatchObject({ 'messaging.message.id': message?.messageID, 'messaging.batch.message_count': 1 })
    expect(messaging({ ...events.activeMq, messages: [message, message] })).not.toHaveProperty('messaging.message.id')
  })

  it('EventBridge has no destination, since the event does not name its bus', () => {
    expect(messaging(events.eventBridge)).toEqual({ ...processing, 'messaging.message.id': events.eventBridge.id })
  })

  it('CloudWatch Logs have no attributes of their own, since their data stay compressed', () => {
    expect(messaging(events.cloudWatchLogs)).toEqual(processing)
  })
})
