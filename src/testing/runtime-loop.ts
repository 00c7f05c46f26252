/**
 * A small Lambda runtime: the program `startLambda` runs unless a real runtime client is given. It loads `_HANDLER` from
 * `LAMBDA_TASK_ROOT` and loops: next invocation, handler, response. It keeps no timer and no handle of its own besides the
 * request that is waiting, so that what a function leaves behind behaves as it does beside a real client.
 *
 * It differs from `aws-lambda-ric` in that its HTTP is asynchronous (the client posts its response in blocking native
 * code). It leaves an unhandled rejection to Node, which just exits, as client 4 does.
 *
 * Node also runs this file directly from its source, so it is written in erasable TypeScript only.
 *
 * @module
 */
import http from 'node:http'
import type { IncomingMessage } from 'node:http'
import { loadHandler, RuntimeError, withoutLambdaGlobals } from './runtime-loop-handler.ts'
import type { LoadedHandler } from './runtime-loop-handler.ts'
import { HttpResponseStream, responseStream } from './runtime-loop-stream.ts'

// Taken before the function is loaded: its instrumentations patch node:http, and must not trace the runtime.
const { request, Agent } = http
const agent = new Agent({ keepAlive: true })
const { env } = process
const api = `http://${env['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime`

interface Reply {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

function call(method: 'GET' | 'POST', path: string, body?: string, headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(`${api}${path}`, { method, agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ headers: response.headers, body: text }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function errorBody(thrown: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const trace = typeof error.stack === 'string' ? error.stack.split('\n') : []
  return { errorType: thrown instanceof Error ? error.name : typeof thrown, errorMessage: error.message, trace }
}

async function postError(path: string, thrown: unknown): Promise<void> {
  const body = errorBody(thrown)
  await call('POST', path, JSON.stringify(body), {
    'content-type': 'application/json',
    'lambda-runtime-function-error-type': encodeURI(body.errorType),
  })
}

const parsedHeader = (value: string | string[] | undefined): unknown =>
  typeof value === 'string' && value !== '' ? JSON.parse(value) : undefined

function contextOf(headers: Reply['headers']) {
  const deadline = Number(headers['lambda-runtime-deadline-ms'])
  return {
    awsRequestId: String(headers['lambda-runtime-aws-request-id']),
    invokedFunctionArn: String(headers['lambda-runtime-invoked-function-arn']),
    xRayTraceId: headers['lambda-runtime-trace-id'],
    clientContext: parsedHeader(headers['lambda-runtime-client-context']),
    identity: parsedHeader(headers['lambda-runtime-cognito-identity']),
    functionName: env['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: env['AWS_LAMBDA_FUNCTION_VERSION'],
    memoryLimitInMB: env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: env['AWS_LAMBDA_LOG_STREAM_NAME'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  }
}

type Context = ReturnType<typeof contextOf>

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value === undefined ? null : value) ?? 'null'
  } catch {
    throw new RuntimeError('Runtime.JSONStringifyError', 'Unable to stringify response body')
  }
}

async function runBuffered({ handler }: LoadedHandler, event: unknown, context: Context): Promise<void> {
  const path = `/invocation/${encodeURIComponent(context.awsRequestId)}`
  try {
    const body = stringify(await handler(event, context))
    await new Promise((resolve) => setImmediate(resolve))
    await call('POST', `${path}/response`, body, { 'content-type': 'application/json' })
  } catch (error) {
    await new Promise((resolve) => setImmediate(resolve))
    console.error('Invoke Error', error)
    await postError(`${path}/error`, error)
  }
}

const isPromise = (value: unknown): boolean => typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'

async function runStreaming({ handler }: LoadedHandler, event: unknown, context: Context): Promise<void> {
  const url = `${api}/invocation/${encodeURIComponent(context.awsRequestId)}/response`
  const { stream, done, fail } = responseStream(request, url, agent)
  try {
    const returned = handler(event, stream, context)
    if (!isPromise(returned)) throw new Error('Streaming does not support non-async handlers.')
    if ((await returned) !== undefined) console.warn('Streaming handlers ignore return values.')
    // As the client does: a stream that is never ended keeps the invocation open.
    await done
    if (!stream.writableFinished) throw new Error('Response stream is not finished.')
  } catch (error) {
    await new Promise((resolve) => setImmediate(resolve))
    console.error('Invoke Error', error)
    fail(errorBody(error))
    await done
  }
}

async function main(): Promise<void> {
  if (!withoutLambdaGlobals()) {
    const streaming = Symbol.for('aws.lambda.runtime.handler.streaming')
    const highWaterMark = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')
    const streamifyResponse = (handler: object, options?: { highWaterMark?: number }) =>
      Object.assign(handler, {
        [streaming]: 'response',
        ...(options?.highWaterMark === undefined ? {} : { [highWaterMark]: options.highWaterMark }),
      })
    Object.assign(globalThis, { awslambda: { streamifyResponse, HttpResponseStream } })
  }
  let loaded: LoadedHandler
  try {
    loaded = await loadHandler(env['LAMBDA_TASK_ROOT'] ?? '', env['_HANDLER'] ?? '')
  } catch (error) {
    console.error('Init Error', error)
    await postError('/init/error', error)
    process.exit(1)
  }
  const concurrency = env['AWS_LAMBDA_MAX_CONCURRENCY']
  await Promise.all(Array.from({ length: Number(concurrency ?? 1) }, () => serve(loaded, concurrency === undefined)))
}

async function serve(loaded: LoadedHandler, alone: boolean): Promise<never> {
  for (;;) {
    const { headers, body } = await call('GET', '/invocation/next')
    const context = contextOf(headers)
    // With many invocations at once, none can have its trace in the process's environment.
    if (alone && typeof context.xRayTraceId === 'string') env['_X_AMZN_TRACE_ID'] = context.xRayTraceId
    await (loaded.streaming ? runStreaming : runBuffered)(loaded, JSON.parse(body), context)
  }
}

// The sandbox is gone, or has refused this runtime: nothing is left to do, and nobody is left to tell.
main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
