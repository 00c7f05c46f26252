/** Folders with a manifest of their own (other versions, other people's packages), installed when they are first needed. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const packagesIn = (file) => JSON.parse(readFileSync(file, 'utf8')).packages

/** Whether the installed packages are those of the lockfile. npm leaves a copy of the lockfile in what it has installed. */
export function upToDate(folder) {
  const copy = join(folder, 'node_modules/.package-lock.json')
  if (!existsSync(copy)) return false
  const installed = packagesIn(copy)
  return Object.entries(packagesIn(join(folder, 'package-lock.json'))).every(
    // Optional packages exist for some machines only.
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  )
}

function environment(more) {
  const env = { ...process.env, ...more }
  // npm sets these for the scripts it runs. For an npm inside such a script, they name the wrong project.
  for (const name of ['npm_config_local_prefix', 'npm_command', 'INIT_CWD', 'NODE_OPTIONS']) delete env[name]
  return env
}

/**
 * `npm ci` in a folder.
 *
 * @param {string} folder
 * @param {object} [options]
 * @param {string[]} [options.args] more arguments
 * @param {Record<string, string>} [options.env] more variables
 * @param {number} [options.output] where npm writes. Default: stderr, because a program may read stdout.
 * @returns {Promise<string | undefined>} why it failed
 */
export function npmCi(folder, { args = [], env = {}, output = process.stderr.fd } = {}) {
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', ...args], {
    cwd: folder,
    env: environment(env),
    stdio: ['ignore', output, output],
  })
  return new Promise((resolve) => {
    npm.once('error', (error) => resolve(`npm could not be started: ${error.message}`))
    npm.once('exit', (code, signal) => resolve(code === 0 ? undefined : `npm ci ended with ${signal ?? `exit code ${code}`}`))
  })
}

/**
 * Installs a folder's packages unless they are there.
 *
 * @param {string} folder
 * @param {() => void} [announce] called if there is something to install
 * @throws when npm fails
 */
export async function install(folder, announce = () => {}) {
  if (upToDate(folder)) return
  announce()
  const failure = await npmCi(folder, { args: ['--prefer-offline'] })
  if (failure !== undefined) throw new Error(`${failure}, in ${folder}`)
}
