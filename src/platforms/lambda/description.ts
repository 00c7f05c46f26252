import type { Description as RootDescription } from '../../core/platform.ts'

/** The values of `faas.trigger` (FaaS spans, "Function trigger type"). */
export type Trigger = 'datasource' | 'http' | 'pubsub' | 'timer' | 'other'

/** What invoked the function, finer than its {@link Trigger}; `unknown` is a plain or unrecognised event. */
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

/** What is read of Lambda's context object. Everything is optional: tests and local runners pass less. */
export interface LambdaContextLike {
  readonly awsRequestId?: string
  readonly invokedFunctionArn?: string
  readonly functionName?: string
  readonly functionVersion?: string
  /** What the caller of a direct invocation has passed beside the event. */
  readonly clientContext?: unknown
}

/** What the root span of an invocation is to look like when it starts, and what is needed to read the result. */
export interface Description extends RootDescription {
  trigger: Trigger
  source: Source
  /** Records of the batch, 0 where the event is no batch. */
  batchSize: number
}
