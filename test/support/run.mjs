/**
 * `npm test`: on first use, installs what the tests need beyond the root's dependencies; builds the package, because tests in real
 * runtimes run what users get; and runs vitest. Arguments go to vitest. `--install` alone only installs the packages that
 * `npm run types` needs, which checks the types of what is tested, too. It installs no runtime client.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install } from './install.mjs'
import { ensureRuntimeClients } from './runtime-client.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (error) console.error(error.message)
  if (status !== 0) process.exit(status ?? 1)
}

async function installAll(folders) {
  for (const [folder, what] of folders) {
    await install(join(root, 'test/runtimes', folder), () => console.log(`Installing ${what}, once …`))
  }
}

await installAll([
  ['sdk2', 'OpenTelemetry’s SDK 2.x'],
  ['middy', 'middy'],
  ['vendors', 'other people’s telemetry SDKs'],
  ['workers', 'workerd'],
  ['edge', 'the edge runtime'],
  ['hono', 'Hono, its server for Node, and serverless-http'],
  ['servers', 'frameworks of Node servers'],
  ['properties', 'fast-check'],
])
if (process.argv[2] === '--install') process.exit()
await installAll([
  ['bun-deno', 'Bun and Deno'],
  ['next', 'Next.js'],
  ['composition', 'other people’s wrappers of Lambda handlers'],
  ['composition/sentry', 'what goes with Sentry’s spans'],
  ['decorators', 'compilers of decorators, and Node.js 22'],
  ['nest', 'NestJS'],
  ['instrumented', 'OpenTelemetry’s instrumentations of Node servers'],
])
for (const client of await ensureRuntimeClients()) {
  console.log(`Lambda tests run on ${client.version}${client.real ? ', a real runtime client' : ', NOT A REAL RUNTIME CLIENT'}`)
}
run('npm', ['run', '--silent', 'build'])
run('npx', ['--no-install', 'vitest', 'run', '-c', 'test/vitest.config.ts', ...process.argv.slice(2)])
