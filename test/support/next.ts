/**
 * The application of `test/runtimes/next`, built by Next with the package as users get it, and started.
 *
 * It is built once, and again when it or the package has changed.
 */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startCollector } from 'flushed/testing'
import type { Behaviors, CollectedSpan, Collector } from 'flushed/testing'
import type { FlushReport } from 'flushed'
import { install } from './install.mjs'
import { locked } from './lock.mjs'

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const root = folder('../../')
const home = folder('../runtimes/next/')
const built = `${home}.cache/built`

/** Test files run at once, and all want the same folder. */
const alone = <T>(work: () => Promise<T>) => locked(`${home}.cache/lock`, work)

const SOURCES = ['*.{js,mjs,json}', '{app,lib,pages}/**/*.js']

function fingerprint(): string {
  const hash = createHash('sha256')
  for (const [cwd, patterns] of [[root, ['package.json', 'dist/**/*.{js,cjs}']], [home, SOURCES]] as const) {
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
    const now = fingerprint()
    if (existsSync(built) && readFileSync(built, 'utf8') === now) return
    await installBoth()
    const { out, ended } = next(['build'])
    if ((await ended) !== 0) throw new Error(`next build failed:\n${out.text}`)
    writeFileSync(built, now)
  })

/** An answer of the application, and what it is to be told apart by. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly traceId: string
  /** Milliseconds until all of it was there. */
  readonly tookMs: number
}

/** A running application, and the collector it sends to. */
export interface NextApp extends AsyncDisposable {
  readonly collector: Collector
  /** Sends a request, as the child of a span of its own. */
  request(path: string, init?: RequestInit): Promise<Answer>
  /** The acknowledged spans of a request, as soon as there is one that is called `name`. */
  spans(answer: Answer, name: string): Promise<readonly CollectedSpan[]>
  /** What it has written. */
  logs(): string
  /** The reports of all flushes. */
  reports(): FlushReport[]
}

/** Starts the application on a free port, with a deadline of half a second for flushes. */
export async function startNext(behavior: Behaviors = 'ok'): Promise<NextApp> {
  await buildNext()
  const collector = await startCollector({ behavior })
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, FLUSHED_TIMEOUT_MS: '500' }
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
      const startedAt = performance.now()
      const headers = { ...init.headers, traceparent: `00-${traceId}-${spanId}-01` }
      const response = await fetch(url + path, { ...init, redirect: 'manual', headers })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, traceId, tookMs: performance.now() - startedAt }
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
