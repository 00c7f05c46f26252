import { SpanKind } from '@opentelemetry/api'
import {
  AWS_KINESIS_STREAM_NAME,
  AWS_SNS_TOPIC_ARN,
  FAAS_TRIGGER,
  MESSAGING_BATCH_MESSAGE_COUNT,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
  MESSAGING_OPERATION_NAME,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
} from './attributes.ts'
import type { Description } from './description.ts'
import { bag, list, MAX_RECORDS, nameOf, resourceOf, text } from './events.ts'
import type { Bag } from './events.ts'
import { linkMessage } from './links.ts'

/** What is known of a delivery of messages. */
interface Delivery {
  /** The messaging system, a value of the registry; absent for services that the registry does not know. */
  system?: string | undefined
  /** The queue, topic or stream. */
  destination?: string | undefined
  /** The number of messages, if the service delivers batches. */
  batch?: number | undefined
  /** The message's identifier, if there is only one message. */
  messageId?: string | undefined
}

/**
 * Describes the span of an invocation that processes messages.
 *
 * Source: messaging spans, "Operation types" (`process`) and "Span kind"; the name is as in AWS Lambda spans, "SQS Event".
 */
export function describeDelivery(draft: Description, delivery: Delivery): void {
  const { attributes } = draft
  draft.trigger = 'pubsub'
  draft.kind = SpanKind.CONSUMER
  attributes[FAAS_TRIGGER] = 'pubsub'
  attributes[MESSAGING_OPERATION_TYPE] = 'process'
  attributes[MESSAGING_OPERATION_NAME] = 'process'
  if (delivery.system !== undefined) attributes[MESSAGING_SYSTEM] = delivery.system
  if (delivery.messageId !== undefined) attributes[MESSAGING_MESSAGE_ID] = delivery.messageId
  if (delivery.batch !== undefined) {
    draft.batchSize = delivery.batch
    attributes[MESSAGING_BATCH_MESSAGE_COUNT] = delivery.batch
  }
  if (delivery.destination !== undefined) {
    attributes[MESSAGING_DESTINATION_NAME] = delivery.destination
    draft.name = `${delivery.destination} process`
  }
}

/** Describes a batch from SQS. Source: AWS Lambda spans, "SQS Event", with its rule for batches from several queues. */
export function describeSqs(draft: Description, records: readonly unknown[]): void {
  const first = bag(records[0])
  const arn = first['eventSourceARN']
  let mixed = false
  for (let index = 0; index < records.length && index < MAX_RECORDS; index++) {
    const record = bag(records[index])
    if (record['eventSourceARN'] !== arn) mixed = true
    const sender = bag(bag(record['messageAttributes'])['traceparent'])['stringValue']
    linkMessage(draft.links, bag(record['attributes'])['AWSTraceHeader'], sender, record['messageId'])
  }
  describeDelivery(draft, {
    system: 'aws_sqs',
    destination: mixed ? undefined : resourceOf(arn),
    batch: records.length,
    messageId: records.length === 1 ? text(first['messageId']) : undefined,
  })
  if (mixed) draft.name = 'multiple_sources process'
}

/** SNS invokes once for each message, so there is no batch. Source: AWS SNS messaging conventions. */
export function describeSns(draft: Description, records: readonly unknown[]): void {
  const message = bag(bag(records[0])['Sns'])
  const sender = bag(bag(message['MessageAttributes'])['traceparent'])['Value']
  const topicArn = text(message['TopicArn'])
  linkMessage(draft.links, undefined, sender, message['MessageId'])
  describeDelivery(draft, {
    system: 'aws.sns',
    destination: resourceOf(topicArn),
    messageId: text(message['MessageId']),
  })
  if (topicArn !== undefined) draft.attributes[AWS_SNS_TOPIC_ARN] = topicArn
}

/** The registry has no messaging system for Kinesis, but it has a name for the stream. */
export function describeKinesis(draft: Description, records: readonly unknown[]): void {
  const first = bag(records[0])
  const stream = nameOf(first['eventSourceARN'])
  describeDelivery(draft, {
    destination: stream,
    batch: records.length,
    messageId: records.length === 1 ? text(first['eventID']) : undefined,
  })
  if (stream !== undefined) draft.attributes[AWS_KINESIS_STREAM_NAME] = stream
}

/** A transformation: a batch of records on their way through a delivery stream. */
export function describeFirehose(draft: Description, event: Bag): void {
  describeDelivery(draft, { destination: nameOf(event['deliveryStreamArn']), batch: list(event['records']).length })
}

/** Kafka and RabbitMQ deliver their messages grouped: by topic and partition, or by queue and virtual host. */
export function describeGrouped(draft: Description, system: 'kafka' | 'rabbitmq', groups: unknown): void {
  let batch = 0
  let destination: string | undefined
  let mixed = false
  for (const [key, messages] of Object.entries(bag(groups))) {
    batch += list(messages).length
    const name = system === 'kafka' ? (text(bag(list(messages)[0])['topic']) ?? key) : (text(key.split('::')[0]) ?? key)
    mixed ||= destination !== undefined && destination !== name
    destination = name
  }
  describeDelivery(draft, { system, destination: mixed ? undefined : destination, batch })
  if (mixed) draft.name = 'multiple_sources process'
}

export function describeActiveMq(draft: Description, event: Bag): void {
  const messages = list(event['messages'])
  const first = bag(messages[0])
  describeDelivery(draft, {
    system: 'activemq',
    destination: text(bag(first['destination'])['physicalName']),
    batch: messages.length,
    messageId: messages.length === 1 ? text(first['messageID']) : undefined,
  })
}
