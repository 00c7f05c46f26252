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
import { registered, shared } from './extension/state.ts'

/**
 * Milliseconds that Lambda leaves between SIGTERM and SIGKILL, less some for the process's own end. It leaves less beside
 * an external extension, of which there is one for each file in a folder.
 *
 * Source: AWS Lambda developer guide, "Shutdown phase".
 */
const BUDGET_MS = { alone: 450, besideExtensions: 250 }

/** The last wrap of each telemetry. Not all: some are made anew for each request. */
const wraps = new Map<Telemetry, Wrap>()
let watching = false
/** What this copy of the package does on SIGTERM, once it listens. */
let mine: ((cause: Error, budgetMs: number) => Promise<void>) | undefined

/** Has what is left of this wrap's telemetry flushed when the environment ends. */
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

// A handler that waits for something that can never happen leaves the event loop empty, and the process ends as if all
// were well. Not at once, since a callback-style handler is over just then, and settles. Only for what is ended then: each
// turn that is waited for brings the process here again.
function exitsEmpty(): void {
  if (live().length > 0) setImmediate(() => void shutdown([], stopped('nothing was left to wait for'), BUDGET_MS.alone))
}

/** Lambda sends SIGTERM to those alone that have registered an extension: listens for it from the first invocation on. */
export function watchSigterm(): void {
  if (!registered() || mine) return
  mine = async (cause, budgetMs) => {
    await shutdown(wraps.values(), cause, budgetMs)
    // There is no other invocation to come that could leave the process empty.
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
  // As without a listener, unless somebody else listens too: then that is for them to decide.
  if (process.listenerCount('SIGTERM') === 0) process.kill(process.pid, 'SIGTERM')
}

/** @param extensions the folder with the external extensions; there is none where there are none */
export function shutdownBudgetMs(extensions = '/opt/extensions'): number {
  try {
    return readdirSync(extensions).length > 0 ? BUDGET_MS.besideExtensions : BUDGET_MS.alone
  } catch {
    return BUDGET_MS.alone
  }
}
