/**
 * The way to one exporter: few requests at once, a second attempt if the connection was lost, one answer for each export.
 *
 * @module
 */
import { clock, elapsed } from '../core/clock.ts'
import { overWithin } from '../core/deadline.ts'
import { toError } from '../core/errors.ts'
import { remove } from '../core/isolate.ts'
import { untraced } from '../core/suppress.ts'
import { type Flight, NONE, matters } from './ledger.ts'
import type { ExportResult, Exporter, FinishedSpan, Resource } from './types.ts'

/** OTLP exporters refuse more than 30 requests at once, and still count a request while they report its answer. */
const MOST_REQUESTS = 20
/** Milliseconds between two checks whether fewer requests are under way. */
const LOOK_MS = 20
/** Milliseconds that resource detectors get. OpenTelemetry's own for EC2, the most patient one, gives up by then. */
const DETECTING_MS = 5000
/** Milliseconds after which an export has died with its request, where exports do. No platform gives an export more. */
export const DEAD_MS = 30_000

export type Delivery = ReturnType<typeof makeDelivery>

/** What suggests that the failure is about the spans themselves, not about the moment. */
export interface Refusal {
  /** How often others must be accepted meanwhile before the failure is taken to be about the spans. 0 if the answer says so. */
  readonly proofs: number
  /** The number of refusals after which the spans go in requests of their own. */
  readonly apartAfter: number
  /** The number of exports begun by the time of the refusal. */
  readonly begun: number
  /** The highest number (`nth`) of an export accepted by then. */
  readonly newest: number
}

/** @param landed called once for each export, in the turn of its answer; with an error if it was not accepted */
export function makeDelivery(exporter: Exporter, landed: (flight: Flight, error?: Error, refusal?: Refusal) => void) {
  /** Exports that wait for another request to be answered. */
  const queued: Flight[] = []
  /** Exports under way whose answer matters. */
  const underway: Flight[] = []
  /** The number of requests that the exporter has not answered, including those whose spans another request has taken over. */
  let unanswered = 0
  /** The number of exports accepted. A count and not a time, since in places it takes long to read a clock. */
  let accepted = 0
  /** The number of exports begun, and the highest number of an export accepted. */
  let begun = 0
  let newest = 0
  /** Resources whose detectors were still at work when a span of theirs finished, as happens in the first invocation. */
  const detecting = new Set<Resource>()
  /** Resources that have been waited for. They are not waited for again, whatever their detectors do. */
  const awaited = new WeakSet<Resource>()

  function depart(flight: Flight, waits: boolean): void {
    started(flight)
    if (!waits || detecting.size === 0) return attempt(flight)
    const resources = [...detecting]
    const detected = Promise.allSettled(resources.map(async (resource) => resource.waitForAsyncAttributes?.()))
    void overWithin(DETECTING_MS, detected).then(() => {
      for (const resource of resources) if (detecting.delete(resource)) awaited.add(resource)
      attempt(flight)
    })
  }

  // Where promises must not cross requests, only a flight's own request may settle its promises. So this polls: to look at
  // what other requests do is harmless.
  async function look(flight: Flight): Promise<void> {
    while (matters(flight) && underway.length >= MOST_REQUESTS) {
      await elapsed(LOOK_MS)
      if (isDead(underway[0])) underway.shift()
    }
    if (matters(flight)) depart(flight, false)
    else land(flight)
  }

  function started(flight: Flight): void {
    flight.at = clock().now()
    flight.accepted = accepted
    flight.nth = ++begun
    underway.push(flight)
    unanswered++
  }

  /** The exporter may answer before this returns. An exporter that throws has refused the spans. */
  function attempt(flight: Flight): void {
    // Another request may have taken the spans over meanwhile.
    if (!matters(flight)) {
      unanswered--
      return land(flight)
    }
    const { tried } = flight
    // Accepts the answer to this attempt only, not to a second one: some exporters answer, and throw as well.
    const answer = (error?: Error, thrown?: boolean) => tried === flight.tried && answered(flight, error, thrown)
    // Pass a copy of the array: some exporters remove from it what they have sent.
    untraced(async () => exporter.export([...flight.spans], (result) => answer(failureOf(result)))).catch((thrown) => answer(toError(thrown), true))
  }

  function answered(flight: Flight, error?: Error, thrown?: boolean): void {
    if (flight.landed) return
    if (error && !flight.tried && isLost(error)) {
      flight.tried = true
      return attempt(flight)
    }
    unanswered--
    if (matters(flight)) {
      remove(underway, flight)
      const next = queued.shift()
      if (next) depart(next, true)
    }
    if (error) {
      const kind = kindOf(error, thrown)
      return land(flight, error, kind && { ...kind, begun, newest })
    }
    accepted++
    newest = Math.max(newest, flight.nth)
    land(flight)
  }

  /** Ends a flight: nothing more will be heard of it. */
  function land(flight: Flight, error?: Error, refusal?: Refusal): void {
    flight.landed = true
    landed(flight, error, refusal)
    flight.wake?.()
  }

  return {
    /** A span has finished that is to be sent, sooner or later. */
    noticed({ resource }: FinishedSpan): void {
      if (resource?.asyncAttributesPending && !awaited.has(resource)) detecting.add(resource)
    },

    started,
    answered,

    /** @param waits whether the flight may wait for what another invocation has begun */
    send(flight: Flight, waits: boolean): void {
      if (underway.length < MOST_REQUESTS) depart(flight, waits)
      else if (waits) queued.push(flight)
      else look(flight).catch(() => depart(flight, false))
    },

    /** Takes a flight's spans away, for others to send. A flight that hangs must not keep others from being tried. */
    forget(flight: Flight): readonly FinishedSpan[] {
      const { spans } = flight
      flight.spans = NONE
      if (remove(queued, flight)) land(flight)
      else remove(underway, flight)
      return spans
    },

    /** Whether a flight is still on its way to a backend that has accepted others since: a backend that is slow, but not gone. */
    isSlow: (flight: Flight): boolean => flight.nth > 0 && flight.accepted < accepted && !isDead(flight),

    /** Makes the exporter send what it may hold in a buffer of its own. */
    drain: (): unknown => untraced(() => exporter.forceFlush?.()),

    /**
     * The number of requests that the exporter has not answered. One that died with the request it was made in is never
     * answered, and the exporter still waits for it.
     */
    unanswered: () => unanswered,
  }
}

/** Whether an export, or a flush, has been under way for longer than any answer takes. */
export const isDead = (begun?: { readonly at?: number }): boolean => clock().now() - (begun?.at as number) > DEAD_MS

/** Why an export was not accepted; `undefined` if it was. */
export const failureOf = ({ code, error }: ExportResult): Error | undefined =>
  code === 0 ? undefined : error ? toError(error) : new Error('no reason given')

type Coded = Error & { readonly code?: unknown }

/**
 * The status of the answer, if the error has it. OTLP exporters put the HTTP status into the error's `code`. Those that use
 * `fetch`, and other exporters, put it into the message.
 */
const statusOf = ({ code, message }: Coded): string => String(code ?? /\bstatus\D{0,20}(\d{3})\b/i.exec(message)?.[1] ?? '')

/** Whether the backend refuses the spans themselves. */
const isRefusal = (error: Coded): boolean =>
  // 408 and 429 are about the moment, not about the request.
  /^4(?!08|29)\d\d$/.test(statusOf(error))

/**
 * Whether the backend may be refusing the spans themselves. Source: OTLP specification, the HTTP and gRPC statuses after which
 * nothing is to be sent again. An error that is thrown is most often a failure to encode, unless it tells of a connection. gRPC
 * has no status for a request that is too large.
 */
const isDoubtful = (error: Coded, thrown?: boolean): boolean | undefined =>
  /^(50[015]|[235679]|1[236])$/.test(statusOf(error)) || /larger than max/.test(error.message) || (thrown && tellsNothing(error))

const tellsNothing = (error: Coded): boolean => error.cause === undefined && statusOf(error) === ''

/**
 * Whether an exporter does not say what is wrong. OpenTelemetry's exporters say in words when it is the moment: a retryable
 * status, a timeout.
 */
const isVague = (error: Coded): boolean => tellsNothing(error) && !/retryable|limit|tim(ed|e) ?out/i.test(error.message)

/** Whether a failure is about the spans, or may be. If it may be an outage, requests must not double while the outage is young. */
function kindOf(error: Coded, thrown?: boolean): Pick<Refusal, 'proofs' | 'apartAfter'> | undefined {
  if (isRefusal(error)) return { proofs: 0, apartAfter: 1 }
  if (isDoubtful(error, thrown)) return { proofs: 1, apartAfter: 1 }
  // Nor must an outage lose any spans, so many proofs are needed.
  return isVague(error) ? { proofs: 20, apartAfter: 5 } : undefined
}

// A connection that was lost while the sandbox was frozen fails when it is next used, and only then. The next export makes
// a new connection. If nothing listens, or nothing answers, another attempt would only cost time.
const isLost = (error: { code?: unknown; cause?: unknown }): boolean =>
  /ECONNRESET|EPIPE|UND_ERR_SOCKET/.test(`${error.code} ${(error.cause as typeof error | undefined)?.code}`)
