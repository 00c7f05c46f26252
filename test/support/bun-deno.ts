/** Runs the application of `test/platforms/edge/served`, with the built package, on the real Bun and the real Deno. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startCollector } from 'flushed/testing'
import type { Collector } from 'flushed/testing'
import { install } from './install.mjs'
import { makeProject, packageOf } from './project.ts'

export type Runtime = 'Bun' | 'Deno'

const home = fileURLToPath(new URL('../runtimes/bun-deno/', import.meta.url))

const COMMANDS = {
  Bun: { executable: '@oven/*/bin/bun', args: ['src/app.mjs'] },
  Deno: { executable: '@deno/*/deno', args: ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual', 'src/app.mjs'] },
} as const

/** The runtimes with an executable for this machine. npm does not install packages for other machines. */
export async function runtimes(): Promise<Partial<Record<Runtime, string>>> {
  await install(home)
  const found = Object.entries(COMMANDS).map(([name, { executable }]) => [name, globSync(`node_modules/${executable}`, { cwd: home })[0]])
  const runs = ([, path]: (string | undefined)[]) => path !== undefined && spawnSync(home + path, ['--version']).status === 0
  return Object.fromEntries(found.filter(runs).map(([name, path]) => [name, home + path]))
}

/** A running server, and the collector it sends to. */
export interface Served extends AsyncDisposable {
  readonly collector: Collector
  at(path: string): URL
}

/** Starts the application. @param executable the path of the runtime's executable */
export async function serve(runtime: Runtime, executable: string): Promise<Served> {
  const names = ['@opentelemetry/api', '@opentelemetry/sdk-trace', '@opentelemetry/exporter-trace-otlp-http']
  const packages = names.map((name) => [name, packageOf(name)] as const)
  const dependencies = { ...Object.fromEntries(packages), hono: packageOf('hono', 'hono') }
  const cwd = await makeProject(`served-${runtime.toLowerCase()}`, 'test/platforms/edge/served', dependencies)
  const collector = await startCollector()
  const child = spawn(executable, COMMANDS[runtime].args, {
    cwd,
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, DENO_DIR: `${cwd}/.deno`, DENO_NO_UPDATE_CHECK: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    await collector.close()
  }
  const origin = await Promise.race([once(createInterface(child.stdout), 'line'), ended.then(() => undefined)])
  if (!origin) {
    await stop()
    throw new Error(`${runtime} has not begun to listen`)
  }
  return { collector, at: (path) => new URL(path, String(origin[0])), [Symbol.asyncDispose]: stop }
}
