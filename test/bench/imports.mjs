/**
 * Measures how long every contestant's function takes to load, from its modules and as a bundle, and how large the bundle is.
 *
 * Each start is a process of its own. The functions take turns. The result is the median of the differences to the bare function
 * within a round.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { execPath } from './children.mjs'
import { DEPLOYED } from './deployed.mjs'
import { quantile } from './summary.mjs'

/**
 * @typedef {object} LoadRow
 * @property {string} contestant
 * @property {number} [addedMs] in addition to the bare function, loaded from `node_modules`
 * @property {number} [bundledMs] the same for bundles
 * @property {number} [overPatternMs] the same in addition to the bundle of the pattern
 * @property {number} [bundleBytes] minified and gzipped
 */

const run = promisify(execFile)
const loader = fileURLToPath(new URL('load.mjs', import.meta.url))
const bundles = fileURLToPath(new URL('../../.cache/bench/', import.meta.url))

// The registered function waits for Lambda's answer. cold-start.mjs measures that.
const CONTESTANTS = Object.keys(DEPLOYED).filter((name) => name !== 'registered')
const BUNDLED = CONTESTANTS.filter((name) => DEPLOYED[name].bundle !== false)

// No function sends anything while it is loaded.
const nowhere = { url: 'http://127.0.0.1:9', port: 9, daemonPort: 9 }

const bundleOf = (name) => `${bundles}${name}.mjs`

async function bundle(name) {
  const { entry, bundle: other } = DEPLOYED[name]
  await build({
    entryPoints: [other || entry],
    outfile: bundleOf(name),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    // CommonJS dependencies call `require`, and look for their own files. ES modules lack what both need.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __filename = import.meta.filename, __dirname = import.meta.dirname;",
    },
    logLevel: 'error',
  })
}

/** @returns {Promise<number>} milliseconds from the process's start until the module was loaded */
async function load(file, { handler, env }, bundled) {
  const { NODE_OPTIONS = '', ...own } = env(nowhere)
  const taskRoot = typeof handler === 'string' ? handler.replace(/\/[^/]*$/, '') : handler.taskRoot
  const { stdout } = await run(execPath, [loader, file], {
    cwd: taskRoot,
    env: {
      PATH: process.env.PATH,
      AWS_LAMBDA_FUNCTION_NAME: 'orders',
      AWS_REGION: 'eu-central-1',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      LAMBDA_TASK_ROOT: taskRoot,
      _HANDLER: (typeof handler === 'string' ? handler : handler.name).split('/').at(-1),
      ...own,
      // A bundle contains what `NODE_OPTIONS` would load.
      ...(bundled ? {} : { NODE_OPTIONS }),
    },
  })
  return Number(stdout.split('\n').at(-1))
}

async function loadAll(names, fileOf, rounds, bundled, progress) {
  const results = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    progress(`loading ${bundled ? 'bundles' : 'modules'}: round ${round} of ${rounds}`)
    // The first round reads the files into the system's cache. Every other round goes backwards, so that no function always follows
    // the same one.
    for (const name of round % 2 ? names : names.toReversed()) {
      const ms = await load(fileOf(name), DEPLOYED[name], bundled)
      if (round > 0) results[name].push(ms)
    }
  }
  return results
}

const difference = (own, other) => own && quantile(own.map((ms, round) => ms - other[round]), 0.5)

/** @returns {Promise<Record<string, number>>} bytes of each contestant's bundle, minified and gzipped */
async function bundleAll() {
  const sizes = {}
  for (const name of BUNDLED) {
    await bundle(name)
    sizes[name] = gzipSync(await readFile(bundleOf(name)), { level: 9 }).length
  }
  return sizes
}

/**
 * @param {{ modules: number, bundles: number }} rounds
 * @param {(what: string) => void} progress
 * @returns {Promise<LoadRow[]>}
 */
export async function measureLoads(rounds, progress) {
  const sizes = await bundleAll()
  const modules = await loadAll(CONTESTANTS, (name) => DEPLOYED[name].entry, rounds.modules, false, progress)
  const bundled = await loadAll(BUNDLED, bundleOf, rounds.bundles, true, progress)
  return CONTESTANTS.map((contestant) => ({
    contestant,
    addedMs: difference(modules[contestant], modules.bare),
    bundledMs: difference(bundled[contestant], bundled.bare),
    overPatternMs: difference(bundled[contestant], bundled.pattern),
    bundleBytes: sizes[contestant],
  }))
}
