/**
 * Builds the application of `test/runtimes/next` with Next and the built package, and starts it.
 *
 * It is built once, and again when the application or the package has changed.
 */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import { startCollector } from 'flushed/testing'
import type { Behaviors, CollectedSpan, Collector } from 'flushed/testing'
import type { FlushReport } from 'flushed'
import { install } from './install.mjs'
import { locked } from './lock.mjs'

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const root = folder('../../')
const home = folder('../runtimes/next/')
const example = folder('../../examples/edge/next/')
const built = `${home}.cache/built`

/** Runs one piece of work at a time: test files run at once, and all use the same folder. */
const alone = <T>(work: () => Promise<T>) => locked(`${home}.cache/lock`, work)

const SOURCES = ['*.{js,mjs,json}', '{app,lib,pages}/**/*.js']
/** The files of the example that the application includes, as JavaScript: to build TypeScript, Next needs the types of everything. */
const EXAMPLE = ['app/**/*.ts', 'lib/*.ts']

async function copyExample(): Promise<void> {
  for (const file of globSync(EXAMPLE, { cwd: example })) {
    const source = readFileSync(example + file, 'utf8')
    const { code } = await transform(source, { loader: 'ts', target: 'es2022', sourcefile: file })
    const copy = home + file.replace(/ts$/, 'js')
    mkdirSync(dirname(copy), { recursive: true })
    writeFileSync(copy, code.replaceAll(".ts'", ".js'").replaceAll('.ts"', '.js"'))
  }
}

function fingerprint(): string {
  const hash = createHash('sha256')
  const parts = [[root, ['package.json', 'dist/**/*.{js,cjs}']], [example, EXAMPLE], [home, SOURCES]] as const
  for (const [cwd, patterns] of parts) {
    for (const file of globSync(patterns, { cwd }).toSorted()) hash.update(file).update(readFileSync(cwd + file))
  }
  return hash.digest('hex')
}

/** Installs Next, and the package beside it as `npm install` would. @returns the folder */
export const installNext = (): Promise<string> =>
  alone(async () => {
    await installBoth()
    return home
  })

async function installBoth(): Promise<void> {
  await install(home)
  const copy = `${home}node_modules/flushed`
  rmSync(copy, { recursive: true, force: true })
  cpSync(`${root}dist`, `${copy}/dist`, { recursive: true })
  cpSync(`${root}package.json`, `${copy}/package.json`)
}

function next(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['node_modules/next/dist/bin/next', ...args], {
    cwd: home,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out = { text: '' }
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (data: string) => (out.text += data))
  return { child, out, ended: new Promise<number | null>((resolve) => child.once('close', resolve)) }
}

/** Builds the application unless it is built. @throws with Next's output when the build fails */
export const buildNext = () =>
  alone(async () => {
    await copyExample()
    const now = fingerprint()
    if (existsSync(built) && readFileSync(built, 'utf8') === now) return
    await installBoth()
    const { out, ended } = next(['build'])
    if ((await ended) !== 0) throw new Error(`next build failed:\n${out.text}`)
    writeFileSync(built, now)
  })

/** An answer of the application, with the trace id that identifies its request. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly traceId: string
}

/** A running application, and the collector it sends to. */
export interface NextApp extends AsyncDisposable {
  readonly collector: Collector
  /** Sends a request with the `traceparent` of a trace of its own. */
  request(path: string, init?: RequestInit): Promise<Answer>
  /** The acknowledged spans of a request, as soon as one named `name` is among them. */
  spans(answer: Answer, name: string): Promise<readonly CollectedSpan[]>
  /** Everything that the application has logged. */
  logs(): string
  /** The reports of all flushes. */
  reports(): FlushReport[]
}

/** Starts the application on a free port. */
export async function startNext(behavior: Behaviors = 'ok'): Promise<NextApp> {
  await buildNext()
  const collector = await startCollector({ behavior })
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
  const { child, out, ended } = next(['start', '-H', '127.0.0.1', '-p', '0'], env)
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    await collector.close()
  }
  const ready = new Promise<boolean>((resolve) => child.stdout.on('data', () => out.text.includes('Ready') && resolve(true)))
  if (!(await Promise.race([ready, ended.then(() => false)]))) {
    await stop()
    throw new Error(`next start failed:\n${out.text}`)
  }
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(out.text) ?? []
  return {
    collector,
    async request(path, init = {}) {
      const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
      const headers = { ...init.headers, traceparent: `00-${traceId}-${spanId}-01` }
      const response = await fetch(url + path, { ...init, redirect: 'manual', headers })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, traceId }
    },
    async spans({ traceId }, name) {
      await collector.waitFor(() => collector.acknowledged(traceId).some((span) => span.name === name))
      return collector.acknowledged(traceId)
    },
    logs: () => out.text,
    reports: () => [...out.text.matchAll(/^report (.*)$/gm)].map(([, json]) => JSON.parse(json ?? '') as FlushReport),
    [Symbol.asyncDispose]: stop,
  }
}
