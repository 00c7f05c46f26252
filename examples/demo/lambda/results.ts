/**
 * The numbers that are shown.
 *
 * @module
 */
import type { Created } from '../created.ts'
import type { Trace } from '../trace.ts'
import { type PeerId, ours } from './functions.ts'
import type { FullBatch } from './measure.ts'

/** One function with telemetry. */
export interface PeerResult {
  readonly id: PeerId
  readonly created: number
  readonly acknowledged: number
  /** Acknowledged when the sandbox was gone. */
  readonly delivered: number
  readonly addedMs: number
  /** From the request to the freeze. This time is billed. */
  readonly frozenMs: number
  readonly hang: {
    readonly addedMs: number
    readonly frozenMs: number
    readonly created: number
    readonly delivered: number
    /** The caller's answer, if it was an error. */
    readonly error: string | undefined
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
  readonly batches: readonly FullBatch[]
}

/** Whether `flushed` has kept its promise. */
export const kept = ({ peers, batches }: Results): boolean =>
  [...peers, ...batches].filter(({ id }) => ours.some((own) => own === id)).every(({ acknowledged, created }) => acknowledged >= created)
