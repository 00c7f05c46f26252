/** Starts Miniflare, on the workerd that it comes with or on a newer one. */
import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type * as Package from 'miniflare'

const folder = fileURLToPath(new URL('../runtimes/workers/', import.meta.url))
const require = createRequire(folder)
const { Log, LogLevel, Miniflare } = require('miniflare') as typeof Package

type Options = Package.MiniflareOptions

/** Options of all Workers of a Miniflare. */
export type MiniflareOptions = Package.SharedOptions
/** Options of one Worker. */
export type WorkerOptions = Record<string, unknown>

/** One version of workerd. */
export interface Binary {
  readonly name: 'own' | 'newest'
  readonly version: string
  /** The newest compatibility date that it supports. */
  readonly newestDate: string
  readonly path: string | undefined
}

const versionOf = (manifest: string) => (require(manifest) as { version: string }).version
/** The date in a version of workerd: `1.20260730.1` is of 30 July 2026. */
const dateOf = (version: string) => version.replace(/^\d+\.(\d{4})(\d\d)(\d\d)\..*$/, '$1-$2-$3')

function binary(name: Binary['name'], manifest: string, path?: string): Binary {
  const version = versionOf(manifest)
  return { name, version, newestDate: dateOf(version), path }
}

// The newer workerd is installed on Linux only. Elsewhere, only Miniflare's own is tested.
const newer = `${folder}node_modules/workerd-newest-${process.platform}-${process.arch}`

/** The versions of workerd that this machine can run, the newest last. */
export const binaries: readonly Binary[] = [
  binary('own', 'workerd/package.json'),
  ...(existsSync(newer) ? [binary('newest', `${newer}/package.json`, `${newer}/bin/workerd`)] : []),
]

/** Collects lines as they arrive. */
class Lines extends EventEmitter {
  readonly all: string[] = []

  read(stream: Readable): void {
    createInterface(stream).on('line', (line) => {
      this.all.push(line)
      this.emit('line')
    })
  }
}

let starting: Promise<unknown> = Promise.resolve()

/** Starts Workers in a workerd process of their own. */
export async function startMiniflare(binary: Binary, options: Record<string, unknown>) {
  const lines = new Lines()
  const start = async () => {
    // Miniflare reads this variable whenever it starts workerd, so the starts must come one after the other.
    if (binary.path === undefined) delete process.env.MINIFLARE_WORKERD_PATH
    else process.env.MINIFLARE_WORKERD_PATH = binary.path
    const miniflare = new Miniflare({
      ...options,
      log: new Log(LogLevel.NONE),
      handleRuntimeStdio: (stdout: Readable, stderr: Readable) => [stdout, stderr].forEach((stream) => lines.read(stream)),
    } as unknown as Options)
    await miniflare.ready
    return miniflare
  }
  const started = starting.then(start)
  starting = started.catch(() => {})
  return { miniflare: await started, lines }
}
