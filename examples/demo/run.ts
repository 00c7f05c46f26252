/**
 * The demo, from start to exit code.
 *
 * @module
 */
import { writeSync } from 'node:fs'
import { Listr } from 'listr2'
import pc from 'picocolors'
import { ensureRuntimeClient } from '../../../test/support/runtime-client.mjs'
import { bundle } from './bundle.ts'
import { created } from './created.ts'
import { FunctionError } from './deployment.ts'
import { ours } from './functions.ts'
import { fullBatch, hang, order, traffic } from './measure.ts'
import type { FullBatch, Hang, Setting, Traffic } from './measure.ts'
import { renderHeader, renderResults } from './report.ts'
import type { Runtime } from './report.ts'
import { kept } from './results.ts'
import type { Results } from './results.ts'
import type { Look } from './style.ts'
import { summarize } from './summarize.ts'

/** Requests of ordinary traffic to each function, the cold one included. */
const requests = 10

/** @returns the exit code */
export async function main(): Promise<number> {
  const terminal = process.stdout.isTTY === true
  const look: Look = {
    width: Math.max(64, Math.min(terminal ? process.stdout.columns : 80, 100)),
    color: terminal && pc.isColorSupported,
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => leave(terminal))
  await using owner = new AsyncDisposableStack()
  try {
    const { runtime, results } = await measure(owner)
    const lines = [...renderHeader(runtime, process.versions.node, look), ...renderResults(results, look)]
    console.log(['', ...lines].join('\n'))
    return kept(results) ? 0 : 1
  } catch (error) {
    console.error(['', ...explain(error)].join('\n'))
    return 1
  }
}

// Stopped processes outlive a parent that a signal ends; at an exit, the sandbox kills them.
function leave(terminal: boolean): never {
  // The list of tasks has hidden the cursor, and listens at `process.stdout`.
  if (terminal) writeSync(1, '\u001B[?25h\n')
  process.exit(130)
}

function explain(error: unknown): string[] {
  if (!(error instanceof FunctionError)) return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  const wrote = error.logs.length > 0 ? ['It wrote:', ...error.logs.map((line) => `  | ${line}`)] : ['It wrote nothing.']
  return [`The demo stopped. ${error.message}`, ...wrote]
}

interface Progress {
  runtime: Runtime & { readonly command: string; readonly args: string[] }
  traffic: Traffic[]
  hangs: Hang[]
  batches: FullBatch[]
}

async function measure(owner: AsyncDisposableStack): Promise<{ runtime: Runtime; results: Results }> {
  const setting = (context: Progress, task: { output: string }): Setting => ({
    runtime: context.runtime,
    owner,
    progress: (line) => (task.output = line),
  })
  const list = new Listr<Progress>(
    [
      {
        title: 'Find the Lambda runtime client (built on first use, about a minute)',
        task: async (context, task) => {
          context.runtime = await ensureRuntimeClient({ log: (line) => (task.output = line) })
          task.title = `Lambda runtime client: ${context.runtime.version}`
        },
      },
      { title: 'Bundle the functions', task: () => bundle() },
      {
        title: `Ordinary traffic: ${requests} requests to each function`,
        task: async (context, task) => {
          context.traffic = await traffic(requests, setting(context, task))
        },
      },
      {
        title: 'A batch that fills up at the last span',
        task: async (context, task) => {
          context.batches = []
          for (const id of ['force-flush', ...ours] as const) context.batches.push(await fullBatch(id, setting(context, task)))
        },
      },
      {
        title: 'A collector that hangs (forceFlush waits until its exporter gives up, 10 s)',
        task: async (context, task) => {
          context.hangs = await hang({ naive: 3, 'force-flush': 1, flushed: 3, 'after-response': 3 }, setting(context, task))
        },
      },
    ],
    // Signals are dealt with above; what went wrong is told at the end, with what the function wrote.
    { concurrent: false, registerSignalListeners: false, rendererOptions: { showErrorMessage: false } },
  )
  const context = await list.run()
  const results = summarize(await created(order), context.traffic, context.hangs, context.batches)
  return { runtime: context.runtime, results }
}
