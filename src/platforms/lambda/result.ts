import { SpanStatusCode } from '@opentelemetry/api'
import type { Span } from '@opentelemetry/api'
import { recordError } from '../../core/span.ts'
import { DURABLE_INVOCATION_STATUS, ERROR_TYPE, FLUSHED_BATCH_ITEM_FAILURES, HTTP_RESPONSE_STATUS_CODE } from './attributes.ts'
import type { Description } from './description.ts'
import { bag, isBag, list, text } from './events.ts'

/**
 * Reflects on the root span what a fulfilled handler returned, before the span ends. Only reads the result, never throws,
 * and ignores the result if the trigger gives it no meaning.
 */
export function reflect(
  span: Span,
  description: Pick<Description, 'trigger' | 'source' | 'batchSize'>,
  result: unknown,
  event: unknown,
): void {
  try {
    if (description.trigger === 'http') reflectResponse(span, description, result)
    else if (description.source === 'durable') reflectExecution(span, result)
    else if (description.batchSize > 0) reflectBatch(span, description, result, event)
  } catch {
    // A result that cannot be read is the caller's business, not telemetry's.
  }
}

/** Reflects a response: on a server, 5xx is an error and 4xx is not. Source: HTTP spans, "Status" and `error.type`. */
function reflectResponse(span: Span, description: Pick<Description, 'source'>, result: unknown): void {
  const status = statusOf(description, result)
  if (status === undefined) return
  span.setAttribute(HTTP_RESPONSE_STATUS_CODE, status)
  if (status < 500) return
  span.setAttribute(ERROR_TYPE, String(status))
  span.setStatus({ code: SpanStatusCode.ERROR })
}

function statusOf({ source }: Pick<Description, 'source'>, result: unknown): number | undefined {
  const given = isBag(result) ? result['statusCode'] : undefined
  if (given === undefined) {
    // Payload format 2.0 treats a result without a status as the body of a 200 (API Gateway, "Lambda proxy
    // integrations for HTTP APIs").
    const inferred = source === 'api_gateway_http' || source === 'function_url'
    return inferred && result !== undefined && result !== null ? 200 : undefined
  }
  const status = typeof given === 'string' && given !== '' ? Number(given) : given
  return typeof status === 'number' && Number.isInteger(status) && status >= 100 && status < 600 ? status : undefined
}

/**
 * Reflects a partial batch response. Some failed records are an answer, not an error; if none of them succeeded, the invocation
 * failed too. If Lambda cannot tell which record is meant, it takes all of them for failed.
 *
 * Sources: Lambda, "Configuring partial batch response", and "Implementing partial batch responses" for SQS.
 */
function reflectBatch(
  span: Span,
  { source, batchSize }: Pick<Description, 'source' | 'batchSize'>,
  result: unknown,
  event: unknown,
): void {
  const failures = isBag(result) ? result['batchItemFailures'] : undefined
  if (!Array.isArray(failures)) return
  const failed = new Set(failures.map((failure) => bag(failure)['itemIdentifier']))
  span.setAttribute(FLUSHED_BATCH_ITEM_FAILURES, failed.size)
  // For a queue, an identifier that is not in the batch is a complete failure; for streams, the sources say nothing about it.
  const known = source === 'sqs' && new Set(list(bag(event)['Records']).map((record) => bag(record)['messageId']))
  const unknown = [...failed].some((id) => id === undefined || id === null || id === '' || (known && !known.has(id)))
  if (failed.size < batchSize && !unknown) return
  span.setAttribute(ERROR_TYPE, 'batch_item_failures')
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/**
 * Reflects the status of a durable execution. An execution that waits for something is `PENDING`, which is not an error. If its
 * handler has thrown, it is `FAILED`: that is a result, and nothing is thrown.
 *
 * Source: AWS Durable Execution SDK for JavaScript, `DurableExecutionInvocationOutput`.
 */
function reflectExecution(span: Span, result: unknown): void {
  const { Status: status, Error: error } = bag(result)
  if (typeof status !== 'string') return
  span.setAttribute(DURABLE_INVOCATION_STATUS, status)
  if (status !== 'FAILED') return
  const { ErrorType: type, ErrorMessage: message, StackTrace: stack } = bag(error)
  const name = text(type) ?? 'Error'
  recordError(span, Object.assign(new Error(text(message) ?? 'the execution has failed'), { name, stack: list(stack).join('\n') }))
}
