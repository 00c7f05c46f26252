/**
 * Measures what registering adds to a cold start: the time from the start of the process to the end of init, on the real runtime
 * client in the sandbox, as a difference to the same function that does not register.
 *
 * All variants start in turns, one at a time, in a different order in every round. The results are made of differences within a
 * round, because a machine may be slower in one round than in the next.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { ensureRuntimeClient } from '../support/runtime-client.mjs'
import { quantile } from './summary.mjs'

/**
 * @typedef {object} Form
 * @property {'esm' | 'cjs'} format
 * @property {string} [source] the code before the function
 * @property {string} [options] `NODE_OPTIONS`
 *
 * @typedef {object} ColdStart milliseconds of one form
 * @property {string} form
 * @property {number} ms the median of its inits
 * @property {number} added the median of the differences to the bare function of the same format
 * @property {[number, number]} spread the quartiles of those differences
 * @property {number} quiet the difference between the lower deciles of both: the cost when nothing else disturbs
 *
 * @typedef {{ function: string, rounds: number, client: string, rows: ColdStart[] }} ColdStarts
 */

/** Milliseconds that registering in an ES module may cost a cold start. */
export const BUDGET_MS = 10

/** @type {Record<string, Form>} */
const FORMS = {
  'bare, ES module': { format: 'esm' },
  'bare, CommonJS': { format: 'cjs' },
  'import': { format: 'esm', source: "import '../../../dist/lambda-register.js'" },
  'NODE_OPTIONS=--import': { format: 'esm', options: '--import flushed/lambda/register' },
  'require': { format: 'cjs', source: "require('../../../dist/lambda-register.cjs')" },
  'import, shutdown-only': { format: 'esm', source: "import '../../../dist/lambda-register-shutdown-only.js'" },
  'require, shutdown-only': { format: 'cjs', source: "require('../../../dist/lambda-register-shutdown-only.cjs')" },
}

const bareOf = (form) => (FORMS[form].format === 'esm' ? 'bare, ES module' : 'bare, CommonJS')

const FUNCTIONS = { small: 'a function that loads nothing else', instrumented: 'a function with OpenTelemetry and flushed' }

const here = fileURLToPath(new URL('cold-start/', import.meta.url))
// Below the repository, so that `--import` finds the package as it does in a deployed function's node_modules.
const bundles = fileURLToPath(new URL('../../.cache/bench/', import.meta.url))

/**
 * @param {number} rounds
 * @param {(what: string) => void} progress
 * @returns {Promise<ColdStarts[]>}
 */
export async function measureColdStarts(rounds, progress) {
  const runtime = await ensureRuntimeClient({ log: progress })
  const tables = []
  for (const name of Object.keys(FUNCTIONS)) {
    for (const [form, how] of Object.entries(FORMS)) await bundle(name, form, how)
    const inits = Object.fromEntries(Object.keys(FORMS).map((form) => [form, []]))
    for (let round = 0; round <= rounds; round++) {
      progress(`cold starts of ${FUNCTIONS[name]}: round ${round} of ${rounds}`)
      for (const form of shuffled(Object.keys(FORMS))) {
        const ms = await init(handlerOf(name, form), FORMS[form].options, runtime)
        // The first round reads the files into the system's cache.
        if (round > 0) inits[form].push(ms)
      }
    }
    const rows = Object.keys(FORMS).map((form) => row(form, inits[form], inits[bareOf(form)]))
    tables.push({ function: FUNCTIONS[name], rounds, client: runtime.version, rows })
  }
  return tables
}

const fileOf = (name, form) => `${name}-${Object.keys(FORMS).indexOf(form)}`
const handlerOf = (name, form) => `${bundles}${fileOf(name, form)}.handler`

/** Bundles the function into one file, as users deploy it. */
async function bundle(name, form, { format, source = '' }) {
  const own = format === 'esm' ? `export * from './${name}.mjs'` : `module.exports = require('./${name}.mjs')`
  await build({
    stdin: { contents: `${source}\n${own}`, resolveDir: here },
    outfile: `${bundles}${fileOf(name, form)}.${format === 'esm' ? 'mjs' : 'cjs'}`,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format,
    // CommonJS dependencies call `require`, which ES modules do not have.
    banner: format === 'esm' ? { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" } : {},
    logLevel: 'error',
  })
}

/** @returns {Promise<number>} milliseconds from the process's start until the runtime and the extension had asked for work */
async function init(handler, options, runtime) {
  // Imported here, because it is built by now, and is not when this file is loaded.
  const { startLambda } = await import('../../dist/testing.js')
  const sandbox = await startLambda({ handler, runtime, env: options ? { NODE_OPTIONS: options } : {} })
  await sandbox[Symbol.asyncDispose]()
  const [spawned, frozen] = ['spawn', 'freeze'].map((kind) => sandbox.record.find((entry) => entry.kind === kind)?.at)
  if (sandbox.initError || frozen === undefined) throw new Error(`${handler} did not start: ${sandbox.initError?.errorMessage}`)
  return frozen - spawned
}

function shuffled(values) {
  return values.map((value) => ({ value, at: Math.random() })).sort((a, b) => a.at - b.at).map(({ value }) => value)
}

/** @returns {ColdStart} */
function row(form, own, bare) {
  const differences = own.map((ms, round) => ms - bare[round])
  return {
    form,
    ms: quantile(own, 0.5),
    added: quantile(differences, 0.5),
    spread: [quantile(differences, 0.25), quantile(differences, 0.75)],
    quiet: quantile(own, 0.1) - quantile(bare, 0.1),
  }
}
