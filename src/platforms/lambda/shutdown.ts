/**
 * The end of the environment, and of processes that Lambda stops.
 *
 * @module
 */
import { readdirSync } from 'node:fs'
import { stopped } from '../../core/errors.ts'
import { live, shutdown } from '../../core/early.ts'
import type { Wrap } from '../../core/lifecycle.ts'
import type { Telemetry } from '../../core/types.ts'
import { SHUTDOWN_MS, registered, shared } from '../../server/extension.ts'

/**
 * Milliseconds that Lambda leaves between SIGTERM and SIGKILL, less some for the process's own end. Lambda leaves less if there
 * are external extensions; each of them is a file in a folder.
 *
 * Source: AWS Lambda developer guide, "Shutdown phase".
 */
const BUDGET_MS = { alone: 450, besideExtensions: SHUTDOWN_MS }

/** The last wrap of each telemetry. Not all wraps: some are made anew for each request. */
const wraps = new Map<Telemetry, Wrap>()
let watching = false
/** What this copy of the package does on SIGTERM, once it listens. */
let mine: ((cause: Error, budgetMs: number) => Promise<void>) | undefined

/** Remembers a wrap, so that what is left of its telemetry is flushed when the environment ends. */
export function flushAtShutdown(wrap: Wrap): void {
  const { telemetry } = wrap.config
  const known = wraps.has(telemetry)
  wraps.set(telemetry, wrap)
  if (known) return
  telemetry.ended?.(() => {
    wraps.delete(telemetry)
    if (wraps.size === 0) unwatch()
  })
  if (watching) return
  watching = true
  process.on('beforeExit', exitsEmpty)
}

function unwatch(): void {
  watching = false
  process.off('beforeExit', exitsEmpty)
}

// A handler that waits for something that can never happen leaves the event loop empty, and the process ends as if all were well.
// Wait a turn, because a callback-style handler is over at just this moment, and settles. Flush only the invocations that are
// ended here: each turn that is waited for brings the process here again.
function exitsEmpty(): void {
  if (live().length > 0) setImmediate(() => void shutdown([], stopped('nothing was left to wait for'), BUDGET_MS.alone))
}

/** Listens for SIGTERM from the first invocation on. Lambda sends it only to functions that have registered an extension. */
export function watchSigterm(): void {
  if (!registered() || mine) return
  mine = async (cause, budgetMs) => {
    await shutdown(wraps.values(), cause, budgetMs)
    // No other invocation is to come that could leave the process empty.
    unwatch()
  }
  if (shared.shutdowns) shared.shutdowns.push(mine)
  else {
    shared.shutdowns = [mine]
    process.once('SIGTERM', onSigterm)
  }
}

async function onSigterm(): Promise<void> {
  const budgetMs = shutdownBudgetMs()
  await Promise.all((shared.shutdowns ?? []).map((flush) => flush(stopped('SIGTERM'), budgetMs)))
  // End the process as it would end without this listener. If there is another listener, it decides.
  if (process.listenerCount('SIGTERM') === 0) process.kill(process.pid, 'SIGTERM')
}

/** Milliseconds for the last flush. @param extensions the folder of the external extensions; absent if there are none */
export function shutdownBudgetMs(extensions = '/opt/extensions'): number {
  try {
    return readdirSync(extensions).length > 0 ? BUDGET_MS.besideExtensions : BUDGET_MS.alone
  } catch {
    return BUDGET_MS.alone
  }
}
