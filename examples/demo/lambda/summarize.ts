/**
 * Measurements, brought down to the numbers that are shown.
 *
 * @module
 */
import type { Created } from '../created.ts'
import { countOf, medianMs, sumOf, warm } from '../runs.ts'
import { traceOf } from '../trace.ts'
import { medianFrozenMs } from './measure.ts'
import type { FullBatch, Hang, Traffic } from './measure.ts'
import type { PeerResult, Results } from './results.ts'

/** Puts the measurements together. */
export function summarize(
  perRequest: Created,
  all: readonly Traffic[],
  hangs: readonly Hang[],
  batches: readonly FullBatch[],
): Results {
  const bare = all.find(({ id }) => id === 'bare')?.runs ?? []
  const bareMs = medianMs(warm(bare))
  const peers = hangs.map((hang) => {
    const own = all.find(({ id }) => id === hang.id)
    if (own === undefined) throw new Error(`${hang.id} had no traffic`)
    return peerResult(perRequest.started, bareMs, own, hang)
  })
  return { requests: bare.length, perRequest, bareMs, peers, batches }
}

function peerResult(perRequest: number, bareMs: number, { collector, runs }: Traffic, hang: Hang): PeerResult {
  const { spans, received, requests } = collector
  const traces = warm(runs).map((run) => traceOf(run, received, requests))
  return {
    id: hang.id,
    created: runs.length * perRequest,
    acknowledged: sumOf(runs, (run) => countOf(run, run.acknowledged, received)),
    delivered: sumOf(runs, (run) => countOf(run, spans, received)),
    addedMs: medianMs(warm(runs)) - bareMs,
    frozenMs: medianFrozenMs(warm(runs)),
    hang: {
      addedMs: medianMs(hang.runs) - bareMs,
      frozenMs: medianFrozenMs(hang.runs),
      created: hang.runs.length * perRequest,
      delivered: hang.delivered,
      error: hang.runs.find(({ error }) => error !== undefined)?.error,
      log: hang.log,
    },
    trace: traces.find((trace) => trace !== undefined),
  }
}
