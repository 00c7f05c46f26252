/**
 * The way to one exporter: few requests at once, a second attempt where the connection was gone, one answer.
 *
 * @module
 */
import { clock } from '../core/clock.ts'
import { toError } from '../core/errors.ts'
import { untraced } from '../core/suppress.ts'
import { type Flight, NONE, remove } from './ledger.ts'
import type { ExportResult, Exporter } from './types.ts'

/** OTLP exporters refuse more than 30 requests at once, and count those still that they are just answering for. */
const MOST_REQUESTS = 20
/** Milliseconds between two looks at whether there are fewer. */
const LOOK_MS = 20

export type Delivery = ReturnType<typeof makeDelivery>

/** @param landed called once for each export, in the turn of its answer; with an error if it was not accepted */
export function makeDelivery(exporter: Exporter, landed: (flight: Flight, error: Error | undefined) => void) {
  /** What waits for a request to be answered. */
  const queued: Flight[] = []
  /** Whether what is queued may be sent by whoever is answered. */
  let crossing = true
  /** Requests whose answer matters. */
  let requests = 0
  /** Requests that the exporter has not answered: those too whose spans another one has taken over. */
  let unanswered = 0

  function depart(flight: Flight, waits: boolean): void {
    started()
    // Resource detectors may still be at work during the first invocation.
    const pending = waits ? flight.spans.filter(({ resource }) => resource?.asyncAttributesPending) : NONE
    if (pending.length === 0) return attempt(flight)
    const detected = pending.map(({ resource }) => resource?.waitForAsyncAttributes?.())
    void Promise.allSettled(detected).then(() => attempt(flight))
  }

  function started(): void {
    requests++
    unanswered++
  }

  /** The exporter may answer before this returns; one that throws has refused the spans. */
  function attempt(flight: Flight): void {
    // Another request may have taken them over meanwhile.
    if (flight.spans === NONE) return answered(flight)
    try {
      untraced(() => exporter.export(flight.spans, (result) => answered(flight, failureOf(result))))
    } catch (thrown) {
      answered(flight, toError(thrown))
    }
  }

  function answered(flight: Flight, error?: Error): void {
    if (flight.landed) return
    const matters = flight.spans !== NONE
    if (matters && !flight.tried && isLost(error)) {
      flight.tried = true
      return attempt(flight)
    }
    unanswered--
    if (matters) {
      requests--
      const next = crossing && queued.shift()
      if (next) depart(next, true)
    }
    land(flight, error)
  }

  function land(flight: Flight, error?: Error): void {
    flight.landed = true
    landed(flight, error)
    flight.wake?.()
  }

  // No other request can say that it is one's turn. But what another one has done may be looked at.
  async function lookForTurn(flight: Flight): Promise<void> {
    while (requests >= MOST_REQUESTS && queued.includes(flight)) {
      await new Promise<void>((resolve) => clock().setTimeout(resolve, LOOK_MS))
    }
    if (remove(queued, flight)) depart(flight, false)
    else land(flight)
  }

  return {
    started,
    answered,

    /** @param waits whether it may wait for what somebody else has begun */
    send(flight: Flight, waits: boolean): void {
      crossing = waits
      if (requests < MOST_REQUESTS) return depart(flight, waits)
      queued.push(flight)
      if (!waits) void lookForTurn(flight)
    },

    /** Its spans are somebody else's to send. One that hangs must not keep others from being tried. */
    forget(flight: Flight): void {
      flight.spans = NONE
      if (!remove(queued, flight)) requests--
      else if (crossing) land(flight)
    },

    /** Has the exporter send what it may hold in a buffer of its own. */
    drain: (): unknown => untraced(() => exporter.forceFlush?.()),

    /** How many requests the exporter has not answered. */
    unanswered: () => unanswered,
  }
}

/** Why an export was not accepted; `undefined` if it was. */
export const failureOf = ({ code, error }: ExportResult): Error | undefined =>
  code === 0 ? undefined : (error ?? new Error('the exporter gave no reason'))

// A connection that was lost while the sandbox was frozen fails when it is next used, and only then. The next export makes
// a new one. Where nothing listens, or nobody answers, another attempt would only cost time.
const isLost = (error: { code?: unknown; cause?: { code?: unknown } | unknown } | undefined): boolean =>
  /ECONNRESET|EPIPE|UND_ERR_SOCKET/.test(`${error?.code} ${(error?.cause as typeof error)?.code}`)
