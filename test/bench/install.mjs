/** The other contestants' packages, in a manifest of their own: nobody who works on this package has to install them. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))

const read = (path) => JSON.parse(readFileSync(`${folder}${path}`, 'utf8'))

/** Whether what is installed is what the lockfile says. npm leaves a copy of it with what it has installed. */
function upToDate() {
  if (!existsSync(`${folder}node_modules/.package-lock.json`)) return false
  const installed = read('node_modules/.package-lock.json').packages
  return Object.entries(read('package-lock.json').packages).every(
    ([path, { version }]) => path === '' || installed[path]?.version === version,
  )
}

function environment() {
  const env = { ...process.env }
  // npm sets these for the scripts it runs; to an npm inside such a script they name the wrong project.
  for (const name of ['npm_config_local_prefix', 'npm_command', 'INIT_CWD']) delete env[name]
  return env
}

/**
 * Installs them unless they are there. npm has the terminal meanwhile.
 *
 * @param {(what: string) => void} progress
 */
export async function install(progress) {
  if (upToDate()) return
  progress('installing what flushed is compared with (once, some seconds)')
  const args = ['ci', '--no-audit', '--no-fund']
  // Standard output may be read by a program.
  const npm = spawn('npm', args, { cwd: folder, env: environment(), stdio: ['ignore', process.stderr, process.stderr] })
  await new Promise((resolve, reject) => {
    npm.once('error', (error) => reject(new Error(`npm could not be started: ${error.message}`)))
    npm.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`npm ci in ${folder} ended with ${code}`))))
  })
}
