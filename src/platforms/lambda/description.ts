import type { Description as RootDescription } from '../../core/platform.ts'

/** The values of `faas.trigger` (FaaS spans, "Function trigger type"). */
export type Trigger = 'datasource' | 'http' | 'pubsub' | 'timer' | 'other'

/** What invoked the function, in more detail than {@link Trigger}; `unknown` is a plain or unrecognised event. */
export type Source =
  | 'api_gateway_rest'
  | 'api_gateway_http'
  | 'api_gateway_websocket'
  | 'authorizer'
  | 'function_url'
  | 'alb'
  | 'sqs'
  | 'sns'
  | 'kinesis'
  | 'firehose'
  | 'kafka'
  | 'activemq'
  | 'rabbitmq'
  | 's3'
  | 'dynamodb'
  | 'eventbridge'
  | 'schedule'
  | 'cloudwatch_logs'
  | 'cognito'
  | 'appsync'
  | 'durable'
  | 'unknown'

/** The part of Lambda's context object that is read. Everything is optional: tests and local runners pass less. */
export interface LambdaContextLike {
  readonly awsRequestId?: string
  readonly invokedFunctionArn?: string
  readonly functionName?: string
  readonly functionVersion?: string
  /** What the caller of a direct invocation has passed along with the event. */
  readonly clientContext?: unknown
}

/** What the root span of an invocation looks like when it starts, and what is needed to read the result. */
export interface Description extends RootDescription {
  trigger: Trigger
  source: Source
  /** The number of records in the batch; 0 if the event is not a batch. */
  batchSize: number
}
