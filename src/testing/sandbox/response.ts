/**
 * Reading what a runtime posts.
 *
 * @module
 */
import type { LambdaError } from './types.ts'

/** The content type by which a streaming handler announces metadata before its body. */
const integrationResponse = 'application/vnd.awslambda.http-integration-response'
/** What separates that metadata from the body: eight zero bytes. */
const delimiter = Buffer.alloc(8)

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The payload of a response body, and the prelude if it has one. */
export function parseResponse(
  body: Buffer,
  contentType: string | undefined,
): { readonly payload: unknown; readonly prelude?: unknown } {
  const end = contentType === integrationResponse ? body.indexOf(delimiter) : -1
  if (end === -1) return { payload: parsed(body.toString('utf8')) }
  return {
    payload: parsed(body.subarray(end + delimiter.length).toString('utf8')),
    prelude: parsed(body.subarray(0, end).toString('utf8')),
  }
}

/** An error body as an error. Runtimes call the stack `trace` or `stackTrace`. */
export function parseError(payload: unknown, errorType: string | undefined): LambdaError {
  const body = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<string, unknown>
  const stack = body['stackTrace'] ?? body['trace']
  return {
    errorType: String(body['errorType'] ?? errorType ?? 'Runtime.Unknown'),
    errorMessage: String(body['errorMessage'] ?? payload ?? ''),
    ...(Array.isArray(stack) ? { stackTrace: stack.map(String) } : {}),
  }
}

/** The error in a streamed response's trailers, if there is one. */
export function trailerError(trailers: Readonly<Record<string, string | undefined>>): LambdaError | undefined {
  const errorType = trailers['lambda-runtime-function-error-type']
  if (errorType === undefined) return undefined
  const body = Buffer.from(trailers['lambda-runtime-function-error-body'] ?? '', 'base64').toString('utf8')
  return parseError(parsed(body), errorType)
}
