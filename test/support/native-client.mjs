/**
 * One version of the real Lambda runtime client. It contains native code, so it is not among the project's own dependencies. It has
 * a manifest of its own, and is built on first use.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { npmCi } from './install.mjs'
import { locked } from './lock.mjs'

const packages = ['autoconf', 'automake', 'libtool', 'xz-utils', 'binutils', 'cmake', 'g++', 'make', 'python3']
const toInstall = `apt-get install ${packages.join(' ')}`
/** Debian package → commands, one of which must be on the path. */
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

const searchPath = () => (process.env.PATH ?? '').split(delimiter).filter(Boolean)
const onPath = (command) => searchPath().some((directory) => existsSync(join(directory, command)))
const missingPackages = () => packages.filter((name) => !tools[name].some(onPath))

/** The headers of any Node on this machine. The addon uses Node-API only, so those of any version work without a download. */
function headers() {
  const prefixes = searchPath()
    .map((directory) => join(directory, 'node'))
    .filter((file) => existsSync(file))
    .map((file) => dirname(dirname(realpathSync(file))))
  return [...prefixes, '/usr', '/usr/local'].find((prefix) => existsSync(join(prefix, 'include/node/node_api.h')))
}

/** Shows how long something has taken so far: counting on a terminal, with a line every 10 s elsewhere. */
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

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'))

export class NativeClient {
  /**
   * @param {object} where
   * @param {string} where.folder the folder with the manifest and the lockfile
   * @param {string} where.addon the built native code, in the package's own folder
   * @param {string} where.entry the program to run, in `folder`
   * @param {() => string} where.node the Node to run it on; called when everything is installed
   */
  constructor({ folder, addon, entry, node }) {
    this.folder = folder
    this.package = join(folder, 'node_modules/aws-lambda-ric')
    this.addon = join(this.package, addon)
    this.entry = join(folder, entry)
    this.node = node
    this.cache = join(folder, '.cache')
    this.logFile = join(this.cache, 'install.log')
    this.stampFile = join(this.cache, 'verified')
    this.failureFile = join(this.cache, 'failed.json')
  }

  /** The version in the manifest. */
  get version() {
    return readJson(join(this.folder, 'package.json')).dependencies['aws-lambda-ric']
  }

  /** What a build was verified for. Another lockfile, Node or architecture must be verified again. */
  #fingerprint() {
    const versions = '[process.platform, process.arch, process.versions.modules].join()'
    const abi = execFileSync(this.node(), ['-p', versions], { encoding: 'utf8' })
    const lock = createHash('sha256').update(readFileSync(join(this.folder, 'package-lock.json'))).digest('hex')
    return `${lock} ${abi.trim()} ${this.addon}`
  }

  /** @returns {string | undefined} why the client cannot be used as it is */
  problem() {
    if (!existsSync(this.entry) || !existsSync(this.addon) || !existsSync(this.node())) return 'It is not installed'
    const wanted = this.#fingerprint()
    if (existsSync(this.stampFile) && readFileSync(this.stampFile, 'utf8') === wanted) return undefined
    const { version } = readJson(join(this.package, 'package.json'))
    if (version !== this.version) return `It is version ${version}`
    try {
      // The addon reads this variable while it is being loaded, and aborts without it.
      const env = { ...process.env, AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9' }
      execFileSync(this.node(), ['-e', 'require(process.argv[1])', this.addon], { stdio: 'pipe', env })
    } catch (error) {
      return `Its native addon cannot be loaded: ${String(error.stderr ?? error.message).trim().slice(-500)}`
    }
    mkdirSync(this.cache, { recursive: true })
    writeFileSync(this.stampFile, wanted)
    return undefined
  }

  /** A recent failure, so that each test file that starts does not spend a minute on failing again. */
  #rememberedFailure() {
    const file = this.failureFile
    if (!existsSync(file) || Date.now() - statSync(file).mtimeMs > 10 * 60_000) return undefined
    const { missing, reason } = readJson(file)
    const same = missing.join() === missingPackages().join()
    return same ? `${reason} (Remembered for ten minutes; delete ${file} to try again now.)` : undefined
  }

  /** Runs `npm ci` in the folder, with its output in the log file. @returns {Promise<string | undefined>} why it failed */
  async #install() {
    const output = openSync(this.logFile, 'w')
    const nodedir = process.env.npm_config_nodedir ?? headers()
    try {
      return await npmCi(this.folder, {
        args: ['--ignore-scripts=false', '--foreground-scripts'],
        env: nodedir === undefined ? {} : { npm_config_nodedir: nodedir },
        output,
      })
    } finally {
      closeSync(output)
    }
  }

  /** Builds the client unless it is already built. @returns {Promise<string | undefined>} why there is none */
  async ensure(log) {
    if (this.problem() === undefined) return undefined
    if (process.platform === 'darwin') return 'aws-lambda-ric does not build on macOS'
    return locked(join(this.cache, 'lock'), () => this.#build(log))
  }

  async #build(log) {
    if (this.problem() === undefined) return undefined
    const remembered = this.#rememberedFailure()
    if (remembered !== undefined) return remembered
    const say = log ?? console.error
    const what = `aws-lambda-ric ${this.version}`
    const missing = missingPackages()
    say(`Building the real Lambda runtime client (${what}). It compiles native code, once, and takes about a minute.`)
    if (missing.length > 0) say(`Not found on this machine, and possibly needed: ${missing.join(' ')}`)
    const done = progress(`Building ${what}`, log)
    const failure = (await this.#install()) ?? this.problem()
    done()
    rmSync(this.failureFile, { force: true })
    if (failure === undefined) return undefined
    const advice = `On Debian or Ubuntu: ${toInstall}. Missing now: ${missing.join(' ') || 'none of these'}. Log: ${this.logFile}`
    const reason = `${what}: ${failure}. ${advice}`
    writeFileSync(this.failureFile, JSON.stringify({ missing, reason }))
    return reason
  }
}
