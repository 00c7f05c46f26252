import type { IncomingMessage } from 'node:http'

/** An invocation of AWS Lambda. `deadlineMs`, when it times out, is in milliseconds since the Unix epoch. */
export interface LambdaInvocation {
  readonly requestId: string
  readonly deadlineMs: number
}

/**
 * The invocation that AWS Lambda Web Adapter has made a request of. `undefined` for any other request.
 *
 * Source: AWS Lambda Web Adapter 1.0, "Request & Lambda Context"; the JSON is `Context` of Rust's `lambda_runtime`.
 */
export function adapterContextOf({ headers }: IncomingMessage): LambdaInvocation | undefined {
  try {
    const { request_id: requestId, deadline } = JSON.parse(String(headers['x-amzn-lambda-context'])) as Readonly<Record<string, unknown>>
    return typeof requestId === 'string' ? { requestId, deadlineMs: Number(deadline) || Infinity } : undefined
  } catch {
    return undefined
  }
}
