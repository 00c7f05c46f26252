/** A function as users deploy it, with the built package among its packages, in front of fakes of every backend. */
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

/** Copies the built package to where npm would install it, and compiles the function with legacy decorators. */
export async function deploy(): Promise<void> {
  for (const folder of [FOLDER, `${FOLDER}/sentry`]) {
    const target = here(`${folder}/node_modules/flushed`)
    rmSync(target, { recursive: true, force: true })
    // A copy: through a link, the package would resolve this repository's API package instead of its user's.
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

/** The installed version of a package. */
export function versionOf(name: string): string {
  return JSON.parse(readFileSync(here(`${FOLDER}/node_modules/${name}/package.json`), 'utf8')).version
}

/** The outcome of an invocation, and what each backend had received of it when the process was stopped. */
export interface Seen {
  readonly result: LambdaResult
  /** The bytes of the response, or the error, as the caller gets it. */
  readonly answer: unknown
  /** The spans of the invocation's trace. */
  readonly spans: readonly CollectedSpan[]
  readonly sentry: readonly string[]
  readonly segments: readonly string[]
  readonly logs: readonly string[]
}

export interface Deployed extends AsyncDisposable {
  /** Everything that the function has logged. */
  readonly logs: readonly string[]
  /** Invokes the function, and waits for the freeze. */
  invoke(event: object): Promise<Seen>
}

/** Waits until this process has read what the stopped process had sent: it is still in sockets and pipes. */
async function readAll(): Promise<void> {
  await delay(20)
  for (let turn = 0; turn < 3; turn++) await nextTurn()
}

/**
 * @param handler relative to test/runtimes/composition: `'sentry/spans.handler'`
 * @param sentryMs milliseconds after which Sentry answers
 */
export async function startFunction(handler: string, env: Record<string, string> = {}, sentryMs = 20): Promise<Deployed> {
  const [collector, sentry, daemon] = await Promise.all([startCollector(), startSentry(sentryMs), startDaemon()])
  const sandbox = await startLambda({
    timeoutMs: 30_000,
    // Some of these packages are large, and may not be in the file cache yet.
    initTimeoutMs: 30_000,
    handler: here(`${FOLDER}/${handler}`),
    runtime: await ensureRuntimeClient(),
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      SENTRY_DSN: sentry.address,
      AWS_XRAY_DAEMON_ADDRESS: daemon.address,
      // Otherwise Express answers an error with its stack trace.
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
  // The top of the stack is in the handler; the frames below it, which called the handler, may differ.
  const { errorType, errorMessage, stackTrace = [] } = error ?? {}
  return { errorType, errorMessage, thrown: stackTrace.slice(0, 2) }
}
