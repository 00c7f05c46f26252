/**
 * Measurements, brought down to the numbers that are shown.
 *
 * @module
 */
import type { Created } from '../created.ts'
import { type Run, countOf, medianMs, sumOf, warm } from '../runs.ts'
import { type Trace, traceOf } from '../trace.ts'
import type { Hang, Traffic } from './measure.ts'
import type { PeerId } from './variants.ts'

/** One variant with telemetry. */
export interface PeerResult {
  readonly id: PeerId
  readonly created: number
  /** Acknowledged when nothing kept the isolate any more. */
  readonly acknowledged: number
  readonly addedMs: number
  /** Of requests during a hang, and of requests to the same isolate afterwards. */
  readonly hang: {
    readonly addedMs: number
    readonly created: number
    readonly kept: number
    readonly delivered: number
    readonly log: string | undefined
  }
  /** A warm request of the ordinary traffic. */
  readonly trace: Trace | undefined
}

export interface Results {
  readonly requests: number
  readonly perRequest: Created
  readonly bareMs: number
  readonly peers: readonly PeerResult[]
}

/** Whether `flushed` has kept its promise, after a hang too. */
export const kept = ({ peers }: Results): boolean =>
  peers.filter(({ id }) => id === 'flushed').every(({ acknowledged, created, hang }) => acknowledged >= created && hang.delivered >= hang.created)

/** Puts the measurements together. */
export function summarize(perRequest: Created, all: readonly Traffic[], hangs: readonly Hang[]): Results {
  const bare = all.find(({ id }) => id === 'bare')?.runs ?? []
  const bareMs = medianMs(warm(bare))
  const peers = hangs.map((hang) => {
    const own = all.find(({ id }) => id === hang.id)
    if (own === undefined) throw new Error(`${hang.id} had no traffic`)
    return peerResult(perRequest.started, bareMs, own, hang)
  })
  return { requests: bare.length, perRequest, bareMs, peers }
}

function peerResult(perRequest: number, bareMs: number, { collector, runs }: Traffic, { id, collector: hung, runs: during, after, log }: Hang): PeerResult {
  const { received, requests } = collector
  const traces = warm(runs).map((run) => traceOf(run, received, requests))
  const acknowledgedOf = (all: readonly Run[]) => sumOf(all, (run) => countOf(run, run.acknowledged, hung.received))
  return {
    id,
    created: runs.length * perRequest,
    acknowledged: sumOf(runs, (run) => countOf(run, run.acknowledged, received)),
    addedMs: medianMs(warm(runs)) - bareMs,
    hang: {
      addedMs: medianMs(during) - bareMs,
      created: after.length * perRequest,
      // They may arrive with later ones, in a request of which the collector knows.
      kept: sumOf(during, (run) => countOf(run, hung.spans, hung.received)),
      delivered: acknowledgedOf(after),
      log,
    },
    trace: traces.find((trace) => trace !== undefined),
  }
}
