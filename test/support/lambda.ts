/** A function of this repository in the sandbox, on the real runtime client, in front of a collector. */
import { fileURLToPath } from 'node:url'
import { startCollector, startLambda } from 'flushed/testing'
import type { Behaviors, CollectedSpan, Collector, LambdaOptions, LambdaSandbox } from 'flushed/testing'
import { ensureRuntimeClient } from './runtime-client.mjs'

const client = await ensureRuntimeClient()

/** For titles: which runtime client the tests run on. */
export const runtime = client.real ? client.version : `${client.version}, NOT the real runtime client`

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
  invoke(event?: unknown): Promise<{ result: Awaited<ReturnType<LambdaSandbox['invoke']>>; freeze: Freeze }>
  /** What the function has written. */
  logs(): string
}

export interface LambdaSetup {
  readonly behavior?: Behaviors
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly extensions?: LambdaOptions['extensions']
}

/**
 * Starts `test/guarantees/functions/<handler>` (`'orders.handler'`). At every freeze, what the collector has acknowledged
 * since the one before is written down, in the very turn in which the process is stopped.
 */
export async function startFunction(handler: string, { behavior = 'ok', env = {}, timeoutMs = 10_000, extensions }: LambdaSetup = {}): Promise<Lambda> {
  const collector = await startCollector({ behavior })
  const sandbox = await startLambda({
    handler: fileURLToPath(new URL(`../guarantees/functions/${handler}`, import.meta.url)),
    runtime: client,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env },
    timeoutMs,
    ...(extensions && { extensions }),
  })
  const freezes: Freeze[] = []
  let seen = { spans: 0, requests: 0 }
  sandbox.on('freeze', ({ requestId }) => {
    const [spans, requests] = [collector.spans, collector.requests.length]
    if (requestId) freezes.push({ requestId, spans: spans.slice(seen.spans), requests: requests - seen.requests })
    seen = { spans: spans.length, requests }
  })
  return {
    collector,
    sandbox,
    freezes,
    async invoke(event = {}) {
      const result = await sandbox.invoke(event)
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

/** The root span of an invocation: the one that says so. */
export const rootOf = (spans: readonly CollectedSpan[]): CollectedSpan | undefined =>
  spans.find(({ attributes }) => attributes['faas.invocation_id'] !== undefined)
