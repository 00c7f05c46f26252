import { DURABLE_EXECUTION_ARN, FAAS_TIME, FAAS_TRIGGER } from './attributes.ts'
import { describeDynamoDb, describeS3 } from './datasource.ts'
import type { Description, Source, Trigger } from './description.ts'
import { bag, EMPTY, isBag, list, text } from './events.ts'
import type { Bag } from './events.ts'
import { headersOf } from './headers.ts'
import { describeHttpApi, describeLoadBalancer, describeRestApi, describeWebSocketApi } from './http.ts'
import {
  describeActiveMq,
  describeDelivery,
  describeFirehose,
  describeGrouped,
  describeKinesis,
  describeSns,
  describeSqs,
} from './messaging.ts'
import { parentOf } from './parent.ts'

/** Determines the source of an event by its shape. Most shapes have one field that no other has; it is looked for first. */
function sourceOf(event: Bag): Source {
  if (isBag(event['requestContext'])) return httpSource(event, event['requestContext'])
  if (Array.isArray(event['Records'])) return recordSource(bag(event['Records'][0]))
  if (typeof event['detail-type'] === 'string' && typeof event['source'] === 'string') return busSource(event)
  if (typeof bag(event['awslogs'])['data'] === 'string') return 'cloudwatch_logs'
  if (typeof event['deliveryStreamArn'] === 'string' && Array.isArray(event['records'])) return 'firehose'
  if (typeof event['eventSource'] === 'string') return brokerSource(event['eventSource'])
  if (typeof event['triggerSource'] === 'string' && typeof event['userPoolId'] === 'string') return 'cognito'
  if (typeof bag(event['info'])['parentTypeName'] === 'string') return 'appsync'
  if (text(event['DurableExecutionArn']) !== undefined && typeof event['CheckpointToken'] === 'string') return 'durable'
  return 'unknown'
}

/** Completes `draft`, which describes a plain invocation so far, with what the event tells. May throw on hostile events. */
export function describeTrigger(draft: Description, event: Bag): void {
  const records = list(event['Records'])
  draft.source = sourceOf(event)
  switch (draft.source) {
    case 'api_gateway_http':
    case 'function_url':
      set(draft, 'http')
      return describeHttpApi(draft, event)
    case 'api_gateway_rest':
      set(draft, 'http')
      return describeRestApi(draft, event)
    case 'api_gateway_websocket':
      set(draft, 'http')
      return describeWebSocketApi(draft, event)
    case 'alb':
      set(draft, 'http')
      return describeLoadBalancer(draft, event)
    case 'authorizer':
      // An authorizer decides about a request but does not answer it: it must not be counted among the route's own requests.
      draft.parent = parentOf(headersOf(event), draft.parent)
      return
    case 'sqs':
      return describeSqs(draft, records)
    case 'sns':
      return describeSns(draft, records)
    case 'kinesis':
      return describeKinesis(draft, records)
    case 's3':
      return describeS3(draft, records)
    case 'dynamodb':
      return describeDynamoDb(draft, records)
    case 'firehose':
      return describeFirehose(draft, event)
    case 'kafka':
      return describeGrouped(draft, 'kafka', event['records'])
    case 'rabbitmq':
      return describeGrouped(draft, 'rabbitmq', event['rmqMessagesByQueue'])
    case 'activemq':
      return describeActiveMq(draft, event)
    case 'eventbridge':
      // The event does not say which bus it came over, so there is no destination to name.
      return describeDelivery(draft, { messageId: text(event['id']) })
    case 'cloudwatch_logs':
      // The log group is inside the compressed data, and not worth inflating it for.
      return describeDelivery(draft, {})
    case 'schedule': {
      const time = text(event['time'])
      set(draft, 'timer')
      if (time !== undefined) draft.attributes[FAAS_TIME] = time
      return
    }
    case 'durable':
      // The event that started the execution is JSON within this one, and may be as large as any event: leave it unread.
      draft.attributes[DURABLE_EXECUTION_ARN] = text(event['DurableExecutionArn'])
      return
    case 'cognito':
    case 'appsync':
    case 'unknown':
      return
  }
}

function set(draft: Description, trigger: Trigger): void {
  draft.trigger = trigger
  draft.attributes[FAAS_TRIGGER] = trigger
}

function httpSource(event: Bag, context: Bag): Source {
  if (isBag(context['elb'])) return 'alb'
  if (event['type'] === 'REQUEST' && (text(event['methodArn']) ?? text(event['routeArn'])) !== undefined) {
    return 'authorizer'
  }
  if (isBag(context['http'])) {
    // Function URLs speak the HTTP API's format; only their domain is their own.
    return text(context['domainName'])?.includes('.lambda-url.') === true ? 'function_url' : 'api_gateway_http'
  }
  if (typeof context['connectionId'] === 'string' && typeof context['eventType'] === 'string') {
    return 'api_gateway_websocket'
  }
  return typeof event['httpMethod'] === 'string' ? 'api_gateway_rest' : 'unknown'
}

function recordSource(record: Bag = EMPTY): Source {
  // SNS alone capitalises the field.
  switch (record['eventSource'] ?? record['EventSource']) {
    case 'aws:sqs':
      return 'sqs'
    case 'aws:sns':
      return 'sns'
    case 'aws:s3':
      return 's3'
    case 'aws:dynamodb':
      return 'dynamodb'
    case 'aws:kinesis':
      return 'kinesis'
    default:
      return 'unknown'
  }
}

/** Rules with a schedule say `aws.events`, EventBridge Scheduler says `aws.scheduler`; the `detail-type` of both is the same. */
function busSource(event: Bag): Source {
  const scheduled = event['source'] === 'aws.events' || event['source'] === 'aws.scheduler'
  return scheduled && event['detail-type'] === 'Scheduled Event' ? 'schedule' : 'eventbridge'
}

function brokerSource(source: string): Source {
  switch (source) {
    case 'aws:kafka':
    case 'SelfManagedKafka':
      return 'kafka'
    case 'aws:mq':
      return 'activemq'
    case 'aws:rmq':
      return 'rabbitmq'
    default:
      return 'unknown'
  }
}
