import { TRACEPARENT } from './http.ts'

const queue = 'arn:aws:sqs:eu-west-1:123456789012:orders-queue'

/** The trace header that AWS services propagate, and the span context that it names. */
export const XRAY = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1'
export const XRAY_CONTEXT = { traceId: '5759e988bd862e3fe1be46a994272793', spanId: '53995c3f42cd8ad8', traceFlags: 1, isRemote: true }

export function sqsRecord(id: string, extra: Record<string, unknown> = {}) {
  return {
    messageId: id,
    receiptHandle: 'MessageReceiptHandle',
    body: '{"order":1}',
    attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1523232000000' },
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN: queue,
    awsRegion: 'eu-west-1',
    ...extra,
  }
}

export const sqs = {
  Records: [
    sqsRecord('a1', { attributes: { ApproximateReceiveCount: '1', AWSTraceHeader: XRAY } }),
    sqsRecord('a2', { messageAttributes: { traceparent: { stringValue: TRACEPARENT, dataType: 'String' } } }),
  ],
}

export const sns = {
  Records: [
    {
      EventVersion: '1.0',
      EventSource: 'aws:sns',
      EventSubscriptionArn: 'arn:aws:sns:eu-west-1:123456789012:order-events:21be56ed',
      Sns: {
        MessageId: '95df01b4-ee98-5cb9-9903-4c221d41eb5e',
        TopicArn: 'arn:aws:sns:eu-west-1:123456789012:order-events',
        Timestamp: '2026-01-02T12:45:07.000Z',
        Message: 'hello',
        MessageAttributes: { traceparent: { Type: 'String', Value: TRACEPARENT } },
        Type: 'Notification',
      },
    },
  ],
}

function kinesisRecord(sequence: string, arn: string) {
  return {
    kinesis: { partitionKey: '1', sequenceNumber: sequence, data: 'aGVsbG8=', approximateArrivalTimestamp: 1545084650.987 },
    eventSource: 'aws:kinesis',
    eventID: `shardId-000000000006:${sequence}`,
    eventName: 'aws:kinesis:record',
    eventSourceARN: arn,
  }
}

const stream = 'arn:aws:kinesis:eu-west-1:123456789012:stream/clicks'
export const kinesis = { Records: [kinesisRecord('49590338271490256608', stream), kinesisRecord('49590338271490256609', stream)] }

/** Records read through a consumer with enhanced fan-out, whose ARN ends in a timestamp. */
export const kinesisConsumer = { Records: [kinesisRecord('49590338271490256608', `${stream}/consumer/orders:1577836800`)] }

export const firehose = {
  invocationId: 'invocation-1',
  deliveryStreamArn: 'arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks-to-lake',
  region: 'eu-west-1',
  records: [{ recordId: 'r1', approximateArrivalTimestamp: 1510254469499, data: 'aGVsbG8=' }],
}

export const kafka = {
  eventSource: 'aws:kafka',
  eventSourceArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/vpc/abcd',
  bootstrapServers: 'b-1.example.com:9092',
  records: {
    'orders-0': [{ topic: 'orders', partition: 0, offset: 15, timestamp: 1545084650987, value: 'aGVsbG8=', headers: [] }],
    'orders-1': [{ topic: 'orders', partition: 1, offset: 9, timestamp: 1545084650988, value: 'aGVsbG8=', headers: [] }],
  },
}

export const activeMq = {
  eventSource: 'aws:mq',
  eventSourceArn: 'arn:aws:mq:eu-west-1:123456789012:broker:test:b-9bcfa592',
  messages: [{ messageID: 'ID:b-9bcfa592.amazonaws.com-37557', messageType: 'jms/text-message', data: 'QUJD', destination: { physicalName: 'testQueue' } }],
}

export const rabbitMq = {
  eventSource: 'aws:rmq',
  eventSourceArn: 'arn:aws:mq:eu-west-1:123456789012:broker:pizza:b-9bcfa592',
  rmqMessagesByQueue: { 'pizzaQueue::/': [{ basicProperties: { contentType: 'text/plain' }, redelivered: false, data: 'eyJ0aW1lb3V0Ijow' }] },
}

export const eventBridge = {
  version: '0',
  id: '17793124-05d4-b198-2fde-7ededc63b103',
  'detail-type': 'OrderPlaced',
  source: 'shop.orders',
  account: '123456789012',
  time: '2026-01-02T12:45:07Z',
  region: 'eu-west-1',
  resources: [],
  detail: { order: 1 },
}

export const cloudWatchLogs = { awslogs: { data: 'H4sIAAAAAAAAAHWPwQqCQBCGX0Xm7EFtK' } }
