/** Registering outside of Lambda, and with a partial or fake one: the built package in a Node process of its own. */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { makeFolder } from '../../../support/folder.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const run = promisify(execFile)

const wrapped = (flushed: string) => `
  const handler = (${flushed}).withTelemetry(async () => 'result', { telemetry: () => {} })
  ;(async () => {
    for (let n = 0; n < 2; n++) console.log(await handler({}, { awsRequestId: String(n) }))
  })()`

/** Registers, then runs a wrapped handler twice. */
async function output(form: 'import' | 'require' | '--import', env: Record<string, string>) {
  const source =
    form === 'require'
      ? `require('flushed/lambda/register');${wrapped(`require('flushed/lambda')`)}`
      : `${form === 'import' ? `import 'flushed/lambda/register'` : ''};import * as flushed from 'flushed/lambda';${wrapped('flushed')}`
  const type = form === 'require' ? 'commonjs' : 'module'
  const preload = form === '--import' ? ['--import', 'flushed/lambda/register'] : []
  const args = [...preload, `--input-type=${type}`, '-e', source]
  const { stdout, stderr } = await run(process.execPath, args, { cwd: root, env: { PATH: process.env['PATH'], ...env } })
  return { stdout: stdout.trim().split('\n'), warnings: stderr.trim().split('\n').filter(Boolean) }
}

const FUNCTION = { AWS_LAMBDA_FUNCTION_NAME: 'orders' }

test.for(['import', 'require', '--import'] as const)('registering by %s outside of Lambda does nothing', async (form) => {
  expect(await output(form, {})).toEqual({ stdout: ['result', 'result'], warnings: [] })
})

test.for(['import', 'require', '--import'] as const)('registering by %s in a function that has no Runtime API gives one warning', async (form) => {
  const { stdout, warnings } = await output(form, FUNCTION)
  expect(stdout).toEqual(['result', 'result'])
  expect(warnings).toEqual([expect.stringContaining('AWS_LAMBDA_RUNTIME_API is not set')])
})

test.for(['import', 'require', '--import'] as const)('registering by %s where nothing listens gives one warning', async (form) => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const { stdout, warnings } = await output(form, { ...FUNCTION, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` })
  expect(stdout).toEqual(['result', 'result'])
  expect(warnings).toEqual([expect.stringContaining('ECONNREFUSED')])
})

test.for(['import', 'require', '--import'] as const)('registering by %s where nothing answers gives one warning, and the process can end', async (form) => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const { stdout, warnings } = await output(form, { ...FUNCTION, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` })
  server.close()
  expect(stdout).toEqual(['result', 'result'])
  expect(warnings).toEqual([expect.stringContaining('not answered within 1000 ms')])
})

test.for(['import', 'require', '--import'] as const)('registering by %s on Managed Instances does nothing', async (form) => {
  const env = { ...FUNCTION, AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9', AWS_LAMBDA_MAX_CONCURRENCY: '8' }
  expect(await output(form, env)).toEqual({ stdout: ['result', 'result'], warnings: [] })
})

/** A fake Extensions API that accepts every registration, and has no events. */
async function extensionsApi() {
  const calls: string[] = []
  const server = http.createServer((request, response) => {
    calls.push(`${request.method} ${request.url?.slice('/2020-01-01/extension/'.length)}`)
    if (request.method === 'POST') response.writeHead(200, { 'lambda-extension-identifier': 'id' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const env = { ...FUNCTION, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` }
  const close = () => (server.closeAllConnections(), server.close())
  return { calls, env, [Symbol.dispose]: () => void close() }
}

test.for(['import', 'require', '--import'] as const)('registering by %s at a fake Extensions API polls once, and lets the process end', async (form) => {
  using api = await extensionsApi()
  expect(await output(form, api.env)).toEqual({ stdout: ['result', 'result'], warnings: [] })
  expect(api.calls).toEqual(['POST register', 'GET event/next'])
})

test('registering by require uses a worker thread that does not load what the process preloads', async () => {
  using api = await extensionsApi()
  // Written synchronously: what a worker writes to its console is lost when it is terminated.
  const preload = join(await makeFolder(), 'preload.cjs')
  await writeFile(preload, `require('node:fs').writeSync(1, 'preloaded\\n')`)
  const { stdout } = await output('require', { ...api.env, NODE_OPTIONS: `--require ${preload}` })
  expect(stdout).toEqual(['preloaded', 'result', 'result'])
})

test.for(['import', 'require'] as const)('registering by %s in a worker thread does nothing: that is left to the main thread', async (form) => {
  using api = await extensionsApi()
  const load = form === 'import' ? `import('flushed/lambda/register')` : `require('flushed/lambda/register')`
  const source = `new (require('node:worker_threads').Worker)(${JSON.stringify(load)}, { eval: true })`
  await run(process.execPath, ['--input-type=commonjs', '-e', source], { cwd: root, env: { PATH: process.env['PATH'], ...api.env } })
  expect(api.calls).toEqual([])
})

test.for([
  ['npm', 0],
  ['npx', 0],
  ['npm-cli.js', 0],
  ['npx-cli.js', 0],
  ['my-npx', 1],
  ['npx.js', 1],
  ['pnpm', 0],
  ['pnpm.cjs', 0],
  ['yarn.js', 0],
  ['yarn-4.5.0.cjs', 0],
  ['corepack.js', 0],
  ['.bin/tsx', 0],
  ['.bin/cross-env', 0],
  ['.bin/aws-lambda-ric', 1],
  ['yarn.config.js', 1],
  ['index.mjs', 1],
] as const)('`NODE_OPTIONS`, in a process whose main script is `%s`, registers %i times', async ([script, registrations]) => {
  using api = await extensionsApi()
  const path = join(await makeFolder(), script)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, '')
  const env = { PATH: process.env['PATH'], ...api.env, NODE_OPTIONS: '--import flushed/lambda/register' }
  await run(process.execPath, [path], { cwd: root, env })
  expect(api.calls.filter((call) => call === 'POST register')).toHaveLength(registrations)
})

test.for(['-e', '-p', '--eval=1'])('`NODE_OPTIONS`, in a `node %s` of a script that runs before the function, does not register', async (flag) => {
  using api = await extensionsApi()
  const env = { PATH: process.env['PATH'], ...api.env, NODE_OPTIONS: '--import flushed/lambda/register' }
  await run(process.execPath, [flag, ...(flag.includes('=') ? [] : ['1'])], { cwd: root, env })
  expect(api.calls).toEqual([])
})
