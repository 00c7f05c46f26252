/**
 * Measurements, brought down to the numbers that are shown.
 *
 * @module
 */
import type { Created } from '../created.ts'
import { countOf, medianMs, sumOf, warm } from '../runs.ts'
import { type Trace, traceOf } from '../trace.ts'
import type { Hang, Traffic } from './measure.ts'
import { type PeerId, type VariantId, peers } from './variants.ts'

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
  peers
    .filter(({ id }) => id === 'flushed')
    .every(({ acknowledged, created, hang }) => acknowledged >= created && hang.delivered >= hang.created)

/** Puts the measurements together. */
export function summarize(perRequest: Created, all: readonly Traffic[], hangs: readonly Hang[]): Results {
  const bare = of(all, 'bare').runs
  const bareMs = medianMs(warm(bare))
  const hungMs = medianMs(of(hangs, 'bare').runs)
  return {
    requests: bare.length,
    perRequest,
    bareMs,
    peers: peers.map((id) => ({
      id,
      ...ordinary(perRequest.started, bareMs, of(all, id)),
      hang: hanging(perRequest.started, hungMs, of(hangs, id)),
    })),
  }
}

function of<T extends { readonly id: VariantId }>(all: readonly T[], id: VariantId): T {
  const found = all.find((each) => each.id === id)
  if (found === undefined) throw new Error(`${id} was not measured`)
  return found
}

function ordinary(perRequest: number, bareMs: number, { collector, runs }: Traffic) {
  const { received, requests } = collector
  return {
    created: runs.length * perRequest,
    acknowledged: sumOf(runs, (run) => countOf(run, run.acknowledged, received)),
    addedMs: medianMs(warm(runs)) - bareMs,
    trace: warm(runs)
      .map((run) => traceOf(run, received, requests))
      .find((trace) => trace !== undefined),
  }
}

const hanging = (perRequest: number, bareMs: number, { collector: { received }, runs, after, log }: Hang): PeerResult['hang'] => ({
  addedMs: medianMs(runs) - bareMs,
  created: after.length * perRequest,
  // By the end of the last request: no platform lets a timer send anything later than that.
  kept: sumOf(runs, (run) => countOf(run, after.at(-1)?.acknowledged ?? [], received)),
  delivered: sumOf(after, (run) => countOf(run, run.acknowledged, received)),
  log,
})
