/**
 * The requests that AWS Lambda Web Adapter makes of invocations, whether a wrap covers them or not: a framework may refuse a request
 * before any of its middleware runs, and the sandbox must not be held for what never comes.
 *
 * Source: Node.js, "Diagnostics Channel", built-in channels for HTTP.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { adapterContextOf } from '../../../server/adapter-context.ts'
import type { Loop } from './loop.ts'

// Not by `import`, which costs milliseconds: see client.ts.
const { subscribe } = process.getBuiltinModule('node:diagnostics_channel')

/** Tells the loop of each such request, and of the end of its response. */
export function watchRequests(loop: Loop): void {
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { readonly request: IncomingMessage; readonly response: ServerResponse }
    const invocation = adapterContextOf(request)
    if (!invocation) return
    loop.served(invocation)
    response.once('close', () => loop.done(invocation.requestId))
  })
}
