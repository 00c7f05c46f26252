/** Runs the application of test/runtimes/servers behind the stand-in for AWS Lambda Web Adapter, in front of a collector. */
import { fileURLToPath } from 'node:url'
import { type Behaviors, type LambdaOptions, startCollector, startLambda } from 'flushed/testing'
import type { Server } from '../process.ts'

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** The flags of Node that make the server's process register as an extension. */
const REGISTERED = ['--import', 'flushed/lambda/register']

interface Setup extends Omit<LambdaOptions, 'handler' | 'runtime'> {
  readonly flags?: readonly string[]
  /** How the adapter checks whether the server is ready: by a request of this path, or without one. */
  readonly readiness?: string
  readonly behavior?: Behaviors
  /** What app.mjs understands. */
  readonly settings?: object
}

export async function startBehindAdapter(server: Server, { flags = REGISTERED, readiness = '/', behavior = 'ok', settings = {}, ...options }: Setup = {}) {
  const collector = await startCollector({ behavior })
  const sandbox = await startLambda({
    timeoutMs: 10_000,
    externalExtension: true,
    ...options,
    handler: { taskRoot: path('../../..'), name: 'app.handler' },
    runtime: { command: process.execPath, args: [path('adapter.mjs'), path('../../runtimes/servers/app.mjs'), server, 'flushed'] },
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, FLAGS: JSON.stringify(flags), READINESS: readiness, SETTINGS: JSON.stringify(settings) },
  })
  /** The paths of the requests whose root spans the collector has acknowledged, in order. */
  const paths = (): unknown[] => collector.spans.map(({ attributes }) => attributes['url.path']).filter((path) => path !== undefined)
  let frozen: unknown[] = []
  sandbox.on('freeze', () => (frozen = paths()))
  return {
    collector,
    sandbox,
    paths,
    /** Sends a request, and waits for the freeze. */
    async get(path: string) {
      const result = await sandbox.invoke({ path })
      const { afterMs } = await result.frozen
      return { ...result, frozenAfterMs: afterMs, heldMs: afterMs - result.responseMs, acknowledged: frozen }
    },
    /** When the response to an invocation was posted, in milliseconds since the epoch. */
    respondedAt: (requestId: string) => sandbox.record.find((entry) => entry.kind === 'runtime.response' && entry.requestId === requestId)?.at ?? Infinity,
    /** What `flushed` has written to the log. */
    lines: () => sandbox.logs.map(({ line }) => line).filter((line) => line.includes('flushed: ')),
    async [Symbol.asyncDispose]() {
      await sandbox[Symbol.asyncDispose]()
      await collector.close()
    },
  }
}
