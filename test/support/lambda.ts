/**
 * Runs a function of this repository in the sandbox, on a real runtime client, in front of a collector.
 *
 * A suite runs on the newest real client only, or on every real client, depending on its first line:
 *
 *     describe(`on ${runtime}`, () => {
 *     describe.each(runtimes)('on $title', ({ startFunction }) => {
 */
import { fileURLToPath } from 'node:url'
import { startCollector, startLambda } from 'flushed/testing'
import type { Behaviors, CollectedSpan, Collector, InvokeOptions, LambdaOptions, LambdaSandbox } from 'flushed/testing'
import { type RuntimeClient, ensureRuntimeClients } from './runtime-client.mjs'

/** What the collector had acknowledged at the moment when the sandbox of an invocation froze. */
export interface Freeze {
  readonly requestId: string
  readonly spans: readonly CollectedSpan[]
  readonly requests: number
}

export interface Lambda extends AsyncDisposable {
  readonly collector: Collector
  readonly sandbox: LambdaSandbox
  /** The freezes after each invocation, in order. */
  readonly freezes: readonly Freeze[]
  /** Invokes the function, and waits for the freeze. */
  invoke(event?: unknown, options?: InvokeOptions): Promise<{ result: Awaited<ReturnType<LambdaSandbox['invoke']>>; freeze: Freeze }>
  /** Everything that the function has logged. */
  logs(): string
}

/** The sandbox's options, and how the collector behaves. */
export interface LambdaSetup extends Omit<LambdaOptions, 'handler'> {
  readonly behavior?: Behaviors
  /** Called with the collector before the function starts. */
  readonly onCollector?: (collector: Collector) => void
}

type StartFunction = (handler: string, setup?: LambdaSetup) => Promise<Lambda>

/**
 * A `startFunction` for one runtime client. It starts `test/guarantees/functions/<handler>` (`'orders.handler'`). At every freeze,
 * it records what the collector has acknowledged since the previous freeze, in the same turn in which the process is stopped.
 */
const starter = (client: RuntimeClient): StartFunction => async (handler, { behavior = 'ok', env = {}, onCollector, ...options } = {}) => {
  const collector = await startCollector({ behavior })
  onCollector?.(collector)
  const sandbox = await startLambda({
    timeoutMs: 10_000,
    runtime: client,
    ...options,
    handler: fileURLToPath(new URL(`../guarantees/functions/${handler}`, import.meta.url)),
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env },
  })
  const freezes: Freeze[] = []
  let seen = { spans: collector.spans.length, requests: collector.requests.length }
  sandbox.on('freeze', ({ requestId }) => {
    const [spans, requests] = [collector.spans, collector.requests.length]
    if (requestId) freezes.push({ requestId, spans: spans.slice(seen.spans), requests: requests - seen.requests })
    seen = { spans: spans.length, requests }
  })
  return {
    collector,
    sandbox,
    freezes,
    async invoke(event = {}, options = {}) {
      const result = await sandbox.invoke(event, options)
      await result.frozen
      const freeze = freezes.find(({ requestId }) => requestId === result.requestId)
      if (!freeze) throw new Error(`no freeze after ${result.requestId}: ${sandbox.logs.map(({ line }) => line).join('\n')}`)
      return { result, freeze }
    },
    logs: () => sandbox.logs.map(({ line }) => line).join('\n'),
    async [Symbol.asyncDispose]() {
      await sandbox[Symbol.asyncDispose]()
      await collector.close()
    },
  }
}

/** For `describe.each`: every real client on this machine, the newest first; if there is none, the built-in loop in its place. */
export const runtimes = (await ensureRuntimeClients()).map((client) => ({
  title: client.real ? client.version : `${client.version}, NOT the real runtime client`,
  startFunction: starter(client),
}))

const [newest] = runtimes as [(typeof runtimes)[number]]

/** The newest client, for suites that run on no other: its title, and its `startFunction`. */
export const [runtime, startFunction] = [newest.title, newest.startFunction] as const

/** The root span of an invocation: the span with the invocation's id. */
export const rootOf = (spans: readonly CollectedSpan[]): CollectedSpan | undefined =>
  spans.find(({ attributes }) => attributes['faas.invocation_id'] !== undefined)
