/**
 * A function of this repository in the sandbox, on a real runtime client, in front of a collector.
 *
 * A suite that is to run on every real client there is, and not only on the newest, says so in its first line:
 *
 *     describe(`on ${runtime}`, () => {
 *     describe.each(runtimes)('on $title', ({ startFunction }) => {
 */
import { fileURLToPath } from 'node:url'
import { startCollector, startLambda } from 'flushed/testing'
import type { Behaviors, CollectedSpan, Collector, InvokeOptions, LambdaOptions, LambdaSandbox } from 'flushed/testing'
import { type RuntimeClient, ensureRuntimeClients } from './runtime-client.mjs'

/** What the collector had acknowledged at the moment an invocation's sandbox froze. */
export interface Freeze {
  readonly requestId: string
  readonly spans: readonly CollectedSpan[]
  readonly requests: number
}

export interface Lambda extends AsyncDisposable {
  readonly collector: Collector
  readonly sandbox: LambdaSandbox
  /** The freezes after an invocation, in order. */
  readonly freezes: readonly Freeze[]
  /** Invokes, and waits for the freeze. */
  invoke(event?: unknown, options?: InvokeOptions): Promise<{ result: Awaited<ReturnType<LambdaSandbox['invoke']>>; freeze: Freeze }>
  /** What the function has written. */
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
 * A `startFunction` for one runtime client. It starts `test/guarantees/functions/<handler>` (`'orders.handler'`). At every
 * freeze, what the collector has acknowledged since the one before is written down, in the very turn in which the process
 * is stopped.
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

/** For `describe.each`: every real client there is, the newest first; where there is none, what stands in for it. */
export const runtimes = (await ensureRuntimeClients()).map((client) => ({
  title: client.real ? client.version : `${client.version}, NOT the real runtime client`,
  startFunction: starter(client),
}))

const [newest] = runtimes as [(typeof runtimes)[number]]

/** The newest client, for suites that run on that alone: its title, and its `startFunction`. */
export const [runtime, startFunction] = [newest.title, newest.startFunction] as const

/** The root span of an invocation: the one that says so. */
export const rootOf = (spans: readonly CollectedSpan[]): CollectedSpan | undefined =>
  spans.find(({ attributes }) => attributes['faas.invocation_id'] !== undefined)
