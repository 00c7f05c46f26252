/**
 * The real Lambda runtime clients for tests: that of Node 24 and later, and that of earlier runtimes, which is tested on Node 22, the
 * last of them. `ensureRuntimeClient` is for callers that need only the first.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NativeClient } from './native-client.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * @typedef {object} RuntimeClient
 * @property {boolean} real whether this is aws-lambda-ric
 * @property {string} command
 * @property {string[]} args
 * @property {string} version for a test's title, e.g. `aws-lambda-ric 4.0.2`
 * @property {string} [reason] why it is not the real one
 */

/** The project's own Node: the client needs 22 or newer, and the calling process may run on an older one. */
function projectNode() {
  const own = join(root, 'node_modules/.bin/node')
  return existsSync(own) ? own : process.execPath
}

const [folder4, folder3] = ['test/runtimes/lambda', 'test/runtimes/lambda-3'].map((path) => join(root, path))

const natives = [
  new NativeClient({
    folder: folder4,
    addon: 'rapid-client.node',
    entry: 'node_modules/aws-lambda-ric/index.mjs',
    node: projectNode,
  }),
  new NativeClient({
    folder: folder3,
    addon: 'dist/rapid-client.node',
    entry: 'bootstrap.mjs',
    node: () => join(folder3, 'node_modules/.bin/node'),
  }),
]

const builtin = (reason) => ({
  real: false,
  command: projectNode(),
  args: [join(root, 'src/testing/runtime-loop.ts')],
  version: 'the built-in runtime loop',
  reason,
})

/** @type {Map<NativeClient, Promise<string | undefined>>} for each client, why there is none */
const ensured = new Map()

/** @returns {Promise<RuntimeClient>} */
async function ensure(native, { log, required = process.env.FLUSHED_REQUIRE_RIC === '1' }) {
  if (process.env.FLUSHED_RUNTIME_CLIENT === 'builtin') {
    return builtin('FLUSHED_RUNTIME_CLIENT=builtin asks for the substitute')
  }
  if (!ensured.has(native)) ensured.set(native, native.ensure(log))
  const reason = await ensured.get(native)
  if (reason === undefined) {
    return { real: true, command: native.node(), args: [native.entry], version: `aws-lambda-ric ${native.version}` }
  }
  if (required) throw new Error(`A real Lambda runtime client is required and not there. ${reason}`)
  const line = '='.repeat(78)
  ;(log ?? console.error)(`${line}\nNOT A REAL RUNTIME CLIENT: tests run without it.\n${reason}\n${line}`)
  return builtin(reason)
}

/**
 * The real runtime client, installed if necessary; or, with a loud notice, the built-in loop in its place.
 *
 * @param {object} [options]
 * @param {(line: string) => void} [options.log] where to report. Default: stderr, counting seconds if that is a terminal.
 * @param {boolean} [options.required] throw instead of substituting. Default: whether FLUSHED_REQUIRE_RIC is 1.
 * @returns {Promise<RuntimeClient>}
 */
export const ensureRuntimeClient = (options = {}) => ensure(natives[0], options)

/**
 * All real runtime clients that can be installed, the newest first; the built-in loop if none can. Takes the same options.
 *
 * @returns {Promise<RuntimeClient[]>} at least one
 */
export async function ensureRuntimeClients(options = {}) {
  const clients = []
  // One after the other: each compiles on all cores.
  for (const native of natives) clients.push(await ensure(native, options))
  const real = clients.filter((client) => client.real)
  return real.length > 0 ? real : clients.slice(0, 1)
}
