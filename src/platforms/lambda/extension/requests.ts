/**
 * The requests that AWS Lambda Web Adapter makes of invocations, whether a wrap covers them or not: a framework may refuse a request
 * before any of its middleware runs, and the sandbox must not be held for what never comes.
 *
 * Sources: Node.js, "Diagnostics Channel", built-in channels for HTTP; AWS Lambda Web Adapter 1.0, "Request & Lambda Context",
 * whose JSON is `Context` of Rust's `lambda_runtime`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LambdaInvocation } from '../../../server/extension.ts'
import { inRuntime } from '../../../server/managed.ts'
import type { Loop } from './loop.ts'

// Not by `import`, which costs milliseconds: see client.ts.
const { subscribe } = process.getBuiltinModule('node:diagnostics_channel')

/** Tells the loop of each such request, and of the end of its response. */
export function watchRequests(loop: Loop): void {
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { readonly request: IncomingMessage; readonly response: ServerResponse }
    // What comes to an adapter within this process may have the header from anybody.
    const invocation = inRuntime() ? undefined : invocationOf(request)
    if (!invocation) return
    loop.served(invocation)
    response.once('close', () => loop.done(invocation.requestId))
  })
}

/** The invocation that the adapter has made a request of; `undefined` for any other request. */
function invocationOf({ headers }: IncomingMessage): LambdaInvocation | undefined {
  try {
    const { request_id: requestId, deadline } = JSON.parse(String(headers['x-amzn-lambda-context'])) as Readonly<Record<string, unknown>>
    return typeof requestId === 'string' ? { requestId, deadlineMs: Number(deadline) || Infinity } : undefined
  } catch {
    return undefined
  }
}
