/** The runtimes that the compiled suite runs on. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { binaries, startMiniflare } from '../support/miniflare.ts'
import { root } from '../support/project.ts'
import type { Facts, Outcome } from './suite/runner.ts'

/** A compiled suite. */
export interface Compiled {
  readonly file: string
  readonly emitted: boolean
}

/** The folder that has Node 22, and what runs the suite. */
const packages = join(root, 'test/runtimes/decorators')

const run = promisify(execFile)

/** The Node that is installed in a folder. */
export async function nodeOf(folder: string) {
  const path = join(folder, 'node_modules/node/bin/node')
  const { stdout: version } = await run(path, ['--version'])
  return {
    title: `Node ${version.trim().slice(1)}`,
    async run({ file, emitted }: Compiled): Promise<Outcome[]> {
      const { stdout } = await run(path, [join(packages, 'node.mjs'), file, JSON.stringify({ emitted })])
      return JSON.parse(stdout) as Outcome[]
    },
  }
}

/** Node 24, which is the root's, and Node 22. */
export const nodes = () => Promise.all([nodeOf(root), nodeOf(packages)])

const bundled = async (file: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [join(packages, 'worker.mjs')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['module', 'main'],
    external: ['node:*'],
    alias: { suite: file },
    keepNames: true,
    // The repository's own tsconfig would resolve `flushed/…` to the sources.
    tsconfigRaw: '{}',
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

const flags = { 'no flags': [], nodejs_compat: ['nodejs_compat'] } as const

/** The compatibility flags: without AsyncLocalStorage, and with it. */
export const workerFlags = Object.keys(flags) as (keyof typeof flags)[]

const binary = binaries.at(-1) as (typeof binaries)[number]

/** The workerd that takes these flags. */
export const workerd = `workerd ${binary.version}`

/** A workerd with a Worker of its own for every suite and flag. */
export async function startWorkerd(suites: readonly Compiled[]) {
  const bundles = await Promise.all(suites.map(({ file }) => bundled(file)))
  const nameOf = (suite: Compiled, flag: string) => `${suites.indexOf(suite)}-${flag.replaceAll(/\W/g, '')}`
  const workers = suites.flatMap((suite, at) =>
    workerFlags.map((flag) => ({
      name: nameOf(suite, flag),
      modules: [{ type: 'ESModule' as const, path: 'worker.mjs', contents: bundles[at] }],
      compatibilityDate: '2025-01-01',
      compatibilityFlags: flags[flag],
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    })),
  )
  const { miniflare, lines } = await startMiniflare(binary, { workers })
  return {
    async run(suite: Compiled, flag: (typeof workerFlags)[number]): Promise<Outcome[]> {
      const url = await miniflare.unsafeGetDirectURL(nameOf(suite, flag))
      const outcomes: Outcome[] = []
      for (const reflect of [false, true]) {
        const facts: Facts = { emitted: suite.emitted, als: flag !== 'no flags', reflect }
        const response = await fetch(url, { method: 'POST', body: JSON.stringify(facts) })
        if (!response.ok) throw new Error(`${await response.text()}\n${lines.all.join('\n')}`)
        outcomes.push(...((await response.json()) as Outcome[]))
      }
      return outcomes
    },
    close: () => miniflare.dispose(),
  }
}
