/**
 * The real Lambda runtime client for tests. It is native code, so it is not among the project's own dependencies: it has
 * a manifest of its own in test/runtimes/lambda, which is installed on first use.
 */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'test/runtimes/lambda')
const cache = join(folder, '.cache')
const logFile = join(cache, 'install.log')
const stampFile = join(cache, 'verified')
const failureFile = join(cache, 'failed.json')
const lockFile = join(cache, 'lock')
const client = join(folder, 'node_modules/aws-lambda-ric')
const entry = join(client, 'index.mjs')
const addon = join(client, 'rapid-client.node')

const packages = ['autoconf', 'automake', 'libtool', 'xz-utils', 'binutils', 'cmake', 'g++', 'make', 'python3']
const toInstall = `apt-get install ${packages.join(' ')}`
/** Debian package → the commands of which one has to be there. */
const tools = {
  autoconf: ['autoconf'],
  automake: ['automake'],
  libtool: ['libtoolize', 'libtool'],
  'xz-utils': ['xz'],
  binutils: ['ar'],
  cmake: ['cmake', 'cmake3'],
  'g++': ['g++', 'c++'],
  make: ['make'],
  python3: ['python3'],
}

/**
 * @typedef {object} RuntimeClient
 * @property {boolean} real whether this is aws-lambda-ric
 * @property {string} command
 * @property {string[]} args
 * @property {string} version for a test's title, e.g. `aws-lambda-ric 4.0.2`
 * @property {string} [reason] why it is not the real one
 */

const searchPath = () => (process.env.PATH ?? '').split(delimiter).filter(Boolean)
const onPath = (command) => searchPath().some((directory) => existsSync(join(directory, command)))
const missingPackages = () => packages.filter((name) => !tools[name].some(onPath))

/** The project's own Node: the client wants 22 or newer, and whoever calls may run on an older one. */
function projectNode() {
  const own = join(root, 'node_modules/.bin/node')
  return existsSync(own) ? own : process.execPath
}

/** What a verified build was verified for: another lockfile, Node or architecture needs another look. */
function fingerprint(node) {
  const abi = execFileSync(node, ['-p', '[process.platform, process.arch, process.versions.modules].join()'], { encoding: 'utf8' })
  const lock = createHash('sha256').update(readFileSync(join(folder, 'package-lock.json'))).digest('hex')
  return `${lock} ${abi.trim()} ${addon}`
}

/** @returns {string | undefined} why the client cannot be used as it is */
function problem(node) {
  if (!existsSync(entry) || !existsSync(addon)) return 'It is not installed'
  const wanted = fingerprint(node)
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return undefined
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  if (versionOf() !== manifest.dependencies['aws-lambda-ric']) return `It is version ${versionOf()}`
  try {
    // The addon reads the variable while it is loaded, and aborts without it.
    const env = { ...process.env, AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9' }
    execFileSync(node, ['-e', 'require(process.argv[1])', addon], { stdio: 'pipe', env })
  } catch (error) {
    return `Its native addon cannot be loaded: ${String(error.stderr ?? error.message).trim().slice(-500)}`
  }
  mkdirSync(cache, { recursive: true })
  writeFileSync(stampFile, wanted)
  return undefined
}

/** A failure that test files about to start need not wait a minute each to see again. */
function rememberedFailure() {
  if (!existsSync(failureFile) || Date.now() - statSync(failureFile).mtimeMs > 10 * 60_000) return undefined
  const { missing, reason } = JSON.parse(readFileSync(failureFile, 'utf8'))
  const same = missing.join() === missingPackages().join()
  return same ? `${reason} (Remembered for ten minutes; delete ${failureFile} to try again now.)` : undefined
}

const versionOf = () => JSON.parse(readFileSync(join(client, 'package.json'), 'utf8')).version

/** Headers of some Node on this machine. The addon uses Node-API only, so any version's do, and none has to be downloaded. */
function headers() {
  const prefixes = searchPath()
    .map((directory) => join(directory, 'node'))
    .filter((file) => existsSync(file))
    .map((file) => dirname(dirname(realpathSync(file))))
  return [...prefixes, '/usr', '/usr/local'].find((prefix) => existsSync(join(prefix, 'include/node/node_api.h')))
}

function installEnvironment() {
  const env = { ...process.env }
  // npm sets these for the scripts it runs; to an npm inside such a script they name the wrong project.
  for (const name of ['npm_config_local_prefix', 'npm_command', 'INIT_CWD', 'NODE_OPTIONS']) delete env[name]
  const nodedir = env.npm_config_nodedir ?? headers()
  return nodedir === undefined ? env : { ...env, npm_config_nodedir: nodedir }
}

/** `npm ci` in the folder, output to the log file. @returns {Promise<string | undefined>} why it failed */
function install() {
  const output = openSync(logFile, 'w')
  const args = ['ci', '--ignore-scripts=false', '--foreground-scripts', '--no-audit', '--no-fund']
  const npm = spawn('npm', args, { cwd: folder, env: installEnvironment(), stdio: ['ignore', output, output] })
  return new Promise((resolve) => {
    npm.once('error', (error) => resolve(`npm could not be started: ${error.message}`))
    npm.once('exit', (code, signal) => resolve(code === 0 ? undefined : `npm ci ended with ${signal ?? `exit code ${code}`}`))
  }).finally(() => closeSync(output))
}

/** Says how long something has been going on: counting on a terminal, a line every 10 s elsewhere. */
function progress(what, log) {
  const terminal = log === undefined && process.stderr.isTTY
  const started = Date.now()
  const seconds = () => Math.round((Date.now() - started) / 1000)
  const say = () => (terminal ? process.stderr.write(`\r${what}: ${seconds()} s `) : (log ?? console.error)(`${what}: ${seconds()} s`))
  const timer = setInterval(say, terminal ? 1000 : 10_000)
  return () => {
    clearInterval(timer)
    if (terminal) process.stderr.write('\n')
  }
}

function holderAlive() {
  try {
    process.kill(Number(readFileSync(lockFile, 'utf8')), 0)
    return true
  } catch {
    return false
  }
}

/** Test files run at the same time, and only one of them may install. */
async function locked(work) {
  mkdirSync(cache, { recursive: true })
  for (;;) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (holderAlive()) await delay(200)
      else rmSync(lockFile, { force: true })
    }
  }
  try {
    return await work()
  } finally {
    rmSync(lockFile, { force: true })
  }
}

/** @returns {Promise<string | undefined>} why there is no real client */
async function build(node, log) {
  if (process.platform === 'darwin') return 'aws-lambda-ric does not build on macOS'
  return locked(async () => {
    if (problem(node) === undefined) return undefined
    const remembered = rememberedFailure()
    if (remembered !== undefined) return remembered
    const say = log ?? console.error
    const missing = missingPackages()
    say('Building the real Lambda runtime client (aws-lambda-ric). It compiles native code, once, and takes about a minute.')
    if (missing.length > 0) say(`Not found on this machine, and possibly needed: ${missing.join(' ')}`)
    const done = progress('Building aws-lambda-ric', log)
    const failure = (await install()) ?? problem(node)
    done()
    rmSync(failureFile, { force: true })
    if (failure === undefined) return undefined
    const advice = `On Debian or Ubuntu: ${toInstall}. Missing now: ${missing.join(' ') || 'none of these'}. Log: ${logFile}`
    const reason = `${failure}. ${advice}`
    writeFileSync(failureFile, JSON.stringify({ missing, reason }))
    return reason
  })
}

function builtin(reason) {
  return {
    real: false,
    command: projectNode(),
    args: [join(root, 'src/testing/runtime-loop.ts')],
    version: 'the built-in runtime loop',
    reason,
  }
}

let ensured

/**
 * The real runtime client, installed if need be; or, with a loud notice, the built-in loop in its place.
 *
 * @param {object} [options]
 * @param {(line: string) => void} [options.log] where to report. Default: stderr, counting seconds if that is a terminal.
 * @param {boolean} [options.required] throw instead of substituting. Default: whether FLUSHED_REQUIRE_RIC is 1.
 * @returns {Promise<RuntimeClient>}
 */
export async function ensureRuntimeClient({ log, required = process.env.FLUSHED_REQUIRE_RIC === '1' } = {}) {
  if (process.env.FLUSHED_RUNTIME_CLIENT === 'builtin') {
    return builtin('FLUSHED_RUNTIME_CLIENT=builtin asks for the substitute')
  }
  const node = projectNode()
  ensured ??= problem(node) === undefined ? Promise.resolve(undefined) : build(node, log)
  const reason = await ensured
  if (reason === undefined) return { real: true, command: node, args: [entry], version: `aws-lambda-ric ${versionOf()}` }
  if (required) throw new Error(`The real Lambda runtime client is required and not there. ${reason}`)
  const line = '='.repeat(78)
  const notice = `NOT THE REAL RUNTIME CLIENT: tests run on the built-in loop of flushed/testing.\n${reason}`
  ;(log ?? console.error)(`${line}\n${notice}\n${line}`)
  return builtin(reason)
}
