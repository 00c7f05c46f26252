/** A function as its users deploy it, with the built package among its packages, in front of everybody's backends. */
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { startCollector, startLambda } from 'flushed/testing'
import type { CollectedSpan, LambdaResult } from 'flushed/testing'
import { ensureRuntimeClient } from '../support/runtime-client.mjs'
import { type Arrival, startDaemon, startSentry } from './backends.ts'

const here = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const FOLDER = 'runtimes/composition'

/** Puts the built package where npm would, and compiles what has legacy decorators. */
export async function deploy(): Promise<void> {
  for (const folder of [FOLDER, `${FOLDER}/sentry`]) {
    const target = here(`${folder}/node_modules/flushed`)
    rmSync(target, { recursive: true, force: true })
    // A copy: a link would have the package resolve this repository's API package, and not its user's.
    for (const each of ['dist', 'package.json']) cpSync(here(`../${each}`), `${target}/${each}`, { recursive: true })
  }
  await build({
    entryPoints: [here(`${FOLDER}/functions/decorated.js`)],
    outfile: here(`${FOLDER}/functions/.cache/decorated.mjs`),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    loader: { '.js': 'ts' },
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  })
}

/** The version that is installed. */
export function versionOf(name: string): string {
  return JSON.parse(readFileSync(here(`${FOLDER}/node_modules/${name}/package.json`), 'utf8')).version
}

/** What an invocation came to, and what everybody's backends had of it when the process was stopped. */
export interface Seen {
  readonly result: LambdaResult
  /** The response's bytes, or the error, as the caller gets it. */
  readonly answer: unknown
  /** Of the invocation's trace. */
  readonly spans: readonly CollectedSpan[]
  readonly sentry: readonly string[]
  readonly segments: readonly string[]
  readonly logs: readonly string[]
}

export interface Deployed extends AsyncDisposable {
  /** All that it has written. */
  readonly logs: readonly string[]
  /** Invokes, and waits for the freeze. */
  invoke(event: object): Promise<Seen>
}

/** What the process had sent when it was stopped is in this one's sockets and pipes, and is read in its turns. */
async function readAll(): Promise<void> {
  await delay(20)
  for (let turn = 0; turn < 3; turn++) await nextTurn()
}

/**
 * @param handler below the folder of the functions: `'sentry/spans.handler'`
 * @param sentryMs milliseconds after which Sentry answers
 */
export async function startFunction(handler: string, env: Record<string, string> = {}, sentryMs = 20): Promise<Deployed> {
  const [collector, sentry, daemon] = await Promise.all([startCollector(), startSentry(sentryMs), startDaemon()])
  const sandbox = await startLambda({
    timeoutMs: 30_000,
    // Some of these packages are large, and may be read for the first time.
    initTimeoutMs: 30_000,
    handler: here(`${FOLDER}/${handler}`),
    runtime: await ensureRuntimeClient(),
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      SENTRY_DSN: sentry.address,
      AWS_XRAY_DAEMON_ADDRESS: daemon.address,
      // Or Express answers with where in the code it failed.
      NODE_ENV: 'production',
      ...env,
    },
  })
  if (sandbox.initError) throw new Error(`${handler}: ${sandbox.initError.errorMessage}`)
  let frozen: { requestId?: string; spans: readonly CollectedSpan[] } = { spans: [] }
  sandbox.on('freeze', ({ requestId }) => (frozen = { ...(requestId && { requestId }), spans: collector.spans }))
  return {
    get logs() {
      return sandbox.logs.map(({ line }) => line)
    },
    async invoke(event) {
      const before = { sentry: sentry.arrivals.length, segments: daemon.arrivals.length, logs: sandbox.logs.length }
      const result = await sandbox.invoke(event, { traceId: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1' })
      const { at } = await result.frozen
      await readAll()
      const { spans } = frozen
      const root = spans.find(({ attributes }) => attributes['faas.invocation_id'] === result.requestId)
      const upTo = (arrivals: readonly Arrival[], from: number) => arrivals.slice(from).map(({ text }) => text)
      return {
        result,
        answer: answerOf(result),
        spans: spans.filter(({ traceId }) => traceId === root?.traceId),
        sentry: upTo(sentry.arrivals.filter((arrival) => arrival.at <= at), before.sentry),
        segments: upTo(daemon.arrivals, before.segments),
        logs: sandbox.logs.slice(before.logs).map(({ line }) => line),
      }
    },
    async [Symbol.asyncDispose]() {
      await sandbox[Symbol.asyncDispose]()
      await Promise.all([collector.close(), sentry[Symbol.asyncDispose](), daemon[Symbol.asyncDispose]()])
    },
  }
}

function answerOf({ ok, chunks, prelude, error }: LambdaResult): unknown {
  const body = Buffer.concat(chunks.map(({ bytes }) => bytes)).toString()
  if (ok) return { body, prelude }
  // Where it was thrown is the handler's; what called that is not.
  const { errorType, errorMessage, stackTrace = [] } = error ?? {}
  return { errorType, errorMessage, thrown: stackTrace.slice(0, 2) }
}
