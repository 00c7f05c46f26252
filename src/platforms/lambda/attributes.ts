/**
 * Attribute names, spelled out here because importing the conventions' package would cost more bytes than the rest of
 * this folder. The stable ones come from the HTTP, URL, server, client, network and error registries.
 *
 * Release 1.45 of the conventions renamed three that are still in development: `faas.invocation_id` became
 * `faas.invocation.id`, `faas.time` became `faas.invocation.start_time`, and `messaging.system` became
 * `messaging.system.name` (with `aws_sqs` spelled `aws.sqs`). Backends and the AWS Lambda page know the names below.
 */

// FaaS spans, AWS Lambda spans, cloud and aws registries
export const FAAS_TRIGGER = 'faas.trigger'
export const FAAS_INVOCATION_ID = 'faas.invocation_id'
export const FAAS_COLDSTART = 'faas.coldstart'
export const FAAS_TIME = 'faas.time'
export const FAAS_DOCUMENT_COLLECTION = 'faas.document.collection'
export const FAAS_DOCUMENT_NAME = 'faas.document.name'
export const FAAS_DOCUMENT_OPERATION = 'faas.document.operation'
export const FAAS_DOCUMENT_TIME = 'faas.document.time'
export const CLOUD_RESOURCE_ID = 'cloud.resource_id'
export const CLOUD_ACCOUNT_ID = 'cloud.account.id'
export const CLOUD_REGION = 'cloud.region'
export const AWS_LAMBDA_INVOKED_ARN = 'aws.lambda.invoked_arn'
export const AWS_KINESIS_STREAM_NAME = 'aws.kinesis.stream_name'
export const AWS_SNS_TOPIC_ARN = 'aws.sns.topic.arn'

// HTTP spans
export const HTTP_REQUEST_METHOD = 'http.request.method'
export const HTTP_REQUEST_METHOD_ORIGINAL = 'http.request.method_original'
export const HTTP_RESPONSE_STATUS_CODE = 'http.response.status_code'
export const HTTP_ROUTE = 'http.route'
export const URL_PATH = 'url.path'
export const URL_QUERY = 'url.query'
export const URL_SCHEME = 'url.scheme'
export const SERVER_ADDRESS = 'server.address'
export const SERVER_PORT = 'server.port'
export const CLIENT_ADDRESS = 'client.address'
export const USER_AGENT_ORIGINAL = 'user_agent.original'
export const NETWORK_PROTOCOL_VERSION = 'network.protocol.version'
export const ERROR_TYPE = 'error.type'

// Messaging spans
export const MESSAGING_SYSTEM = 'messaging.system'
export const MESSAGING_OPERATION_NAME = 'messaging.operation.name'
export const MESSAGING_OPERATION_TYPE = 'messaging.operation.type'
export const MESSAGING_DESTINATION_NAME = 'messaging.destination.name'
export const MESSAGING_BATCH_MESSAGE_COUNT = 'messaging.batch.message_count'
export const MESSAGING_MESSAGE_ID = 'messaging.message.id'

// Names of AWS's OpenTelemetry plugin for durable functions; the conventions have none
export const DURABLE_EXECUTION_ARN = 'durable.execution.arn'
export const DURABLE_INVOCATION_STATUS = 'durable.invocation.status'

/** Ours: how many records of a batch the handler reported as failed; the conventions have no name for it. */
export const FLUSHED_BATCH_ITEM_FAILURES = 'flushed.batch_item_failures'
