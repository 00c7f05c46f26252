/**
 * A stand-in for AWS Lambda Web Adapter: `node adapter.mjs <program> [arguments]`, as the runtime of a sandbox.
 *
 * As the adapter does, it registers as an extension for no events, starts the server, asks it until it answers, and then makes an
 * HTTP request of each invocation. The adapter is a program of its own, in Rust. What is peculiar to this stand-in: it starts the
 * server itself, which tells its port, and stays until the server has ended.
 *
 * FLAGS: the flags of Node for the server, as JSON. READINESS: the path of the check, or `none` for a check of the connection alone.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const { AWS_LAMBDA_RUNTIME_API: api, FLAGS = '[]', READINESS = '/' } = process.env
const extension = `http://${api}/2020-01-01/extension`
const runtime = `http://${api}/2018-06-01/runtime/invocation`

const registered = await fetch(`${extension}/register`, {
  method: 'POST',
  headers: { 'Lambda-Extension-Name': 'lambda-adapter' },
  body: JSON.stringify({ events: [] }),
})
const identifier = registered.headers.get('Lambda-Extension-Identifier')
// Never answered: the adapter waits for no event.
fetch(`${extension}/event/next`, { headers: { 'Lambda-Extension-Identifier': identifier } }).catch(() => {})

const [program, ...args] = process.argv.slice(2)
const server = fork(program, args, { execArgv: JSON.parse(FLAGS) })
process.once('SIGTERM', () => {})
server.once('exit', (code) => process.exit(code ?? 1))
const [port] = await once(server, 'message')
const origin = `http://127.0.0.1:${port}`

while (READINESS !== 'none' && !(await fetch(origin + READINESS).catch(() => undefined))) await sleep(10)

for (;;) {
  const next = await fetch(`${runtime}/next`)
  const { path, headers, ...event } = await next.json()
  const requestId = next.headers.get('lambda-runtime-aws-request-id')
  const context = {
    request_id: requestId,
    deadline: Number(next.headers.get('lambda-runtime-deadline-ms')),
    invoked_function_arn: next.headers.get('lambda-runtime-invoked-function-arn'),
    xray_trace_id: next.headers.get('lambda-runtime-trace-id'),
  }
  const response = await fetch(origin + path, {
    ...event,
    headers: { ...headers, 'x-amzn-request-context': '{}', 'x-amzn-lambda-context': JSON.stringify(context) },
  })
  const body = { statusCode: response.status, body: await response.text() }
  await fetch(`${runtime}/${requestId}/response`, { method: 'POST', body: JSON.stringify(body) })
}
