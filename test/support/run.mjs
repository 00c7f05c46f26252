/**
 * `npm test`: installs on first use what the tests need beyond the root's dependencies, builds the package, since tests
 * in real runtimes run what users get, and runs vitest. Arguments go to vitest; `--install` alone only installs, but for
 * the runtime client: the types of what is tested are checked too.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureRuntimeClient } from './runtime-client.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

function run(command, args, cwd = root) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (error) console.error(error.message)
  if (status !== 0) process.exit(status ?? 1)
}

/** `npm ci` in a folder with a manifest of its own, unless what is there is newer than its lockfile. */
function install(folder) {
  const installed = join(folder, 'node_modules/.package-lock.json')
  const fresh = existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs
  if (fresh) return
  console.log(`Installing the dependencies of ${folder.slice(root.length)}, once …`)
  run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], folder)
}

for (const folder of ['sdk2', 'middy']) install(join(root, 'test/runtimes', folder))
if (process.argv[2] === '--install') process.exit()
const client = await ensureRuntimeClient()
console.log(`Lambda tests run on ${client.version}${client.real ? ', the real runtime client' : ', NOT THE REAL RUNTIME CLIENT'}`)
run('npm', ['run', '--silent', 'build'])
run('npx', ['--no-install', 'vitest', 'run', '-c', 'test/vitest.config.ts', ...process.argv.slice(2)])
