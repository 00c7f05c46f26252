/**
 * The way to one exporter: few requests at once, a second attempt where the connection was gone, one answer.
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

/** OTLP exporters refuse more than 30 requests at once, and count those still that they are just answering for. */
const MOST_REQUESTS = 20
/** Milliseconds between two looks at whether there are fewer. */
const LOOK_MS = 20
/** Milliseconds that detectors of resources are given. OpenTelemetry's own for EC2, the most patient one, gives up by then. */
const DETECTING_MS = 5000
/** Milliseconds after which an export has died with its request, where exports do: more than any platform gives one. */
export const DEAD_MS = 30_000

export type Delivery = ReturnType<typeof makeDelivery>

/** How it looks as if it were the spans that are not taken, and not the moment. */
export interface Refusal {
  /** How often others have to be accepted meanwhile, for that to be believed: 0 where the answer says so. */
  readonly proofs: number
  /** After how many refusals the spans are to go by themselves. */
  readonly apartAfter: number
  /** How many exports had been begun by then. */
  readonly begun: number
  /** Which of them was the last that has been accepted. */
  readonly newest: number
}

/** @param landed called once for each export, in the turn of its answer; with an error if it was not accepted */
export function makeDelivery(exporter: Exporter, landed: (flight: Flight, error?: Error, refusal?: Refusal) => void) {
  /** What waits for a request to be answered. */
  const queued: Flight[] = []
  /** Exports whose answer matters. */
  const underway: Flight[] = []
  /** Requests that the exporter has not answered: those too whose spans another one has taken over. */
  let unanswered = 0
  /** How many exports have been accepted. Not when, since to look at a clock takes its time in places. */
  let accepted = 0
  /** How many have been begun, and which of them was the last that has been accepted. */
  let begun = 0
  let newest = 0
  /** Resources whose detectors were still at work when a span of theirs finished, as during the first invocation. */
  const detecting = new Set<Resource>()
  /** Those that have been waited for, and need not be again, whatever their detectors are at. */
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

  // Nobody but its own request may settle a promise of it, where those must not cross. To look at what others do is no harm.
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

  /** The exporter may answer before this returns; one that throws has refused the spans. */
  function attempt(flight: Flight): void {
    // Another request may have taken them over meanwhile.
    if (!matters(flight)) {
      unanswered--
      return land(flight)
    }
    const { tried } = flight
    // Of this attempt, and not of a second one: some answer, and throw as well.
    const answer = (error?: Error, thrown?: boolean) => tried === flight.tried && answered(flight, error, thrown)
    // An array of its own: some take out of it what they have sent.
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

  /** Nothing more will be heard of it. */
  function land(flight: Flight, error?: Error, refusal?: Refusal): void {
    flight.landed = true
    landed(flight, error, refusal)
    flight.wake?.()
  }

  return {
    /** A span is there to be sent, soon or later. */
    noticed({ resource }: FinishedSpan): void {
      if (resource?.asyncAttributesPending && !awaited.has(resource)) detecting.add(resource)
    },

    started,
    answered,

    /** @param waits whether it may wait for what somebody else has begun */
    send(flight: Flight, waits: boolean): void {
      if (underway.length < MOST_REQUESTS) depart(flight, waits)
      else if (waits) queued.push(flight)
      else look(flight).catch(() => depart(flight, false))
    },

    /** Its spans are somebody else's to send. One that hangs must not keep others from being tried. */
    forget(flight: Flight): readonly FinishedSpan[] {
      const { spans } = flight
      flight.spans = NONE
      if (remove(queued, flight)) land(flight)
      else remove(underway, flight)
      return spans
    },

    /** Whether it is still on its way to a backend that has accepted others since: one that is slow, and has not gone. */
    isSlow: (flight: Flight): boolean => flight.at > 0 && flight.accepted < accepted && !isDead(flight),

    /** Has the exporter send what it may hold in a buffer of its own. */
    drain: (): unknown => untraced(() => exporter.forceFlush?.()),

    /** How many requests the exporter has not answered. One that died with its own is never answered, and still waited for by it. */
    unanswered: () => unanswered,
  }
}

/** Whether an export has been on its way for longer than any answer takes. */
export const isDead = (flight?: Flight): boolean => clock().now() - Number(flight?.at) > DEAD_MS

/** Why an export was not accepted; `undefined` if it was. */
export const failureOf = ({ code, error }: ExportResult): Error | undefined =>
  code === 0 ? undefined : error ? toError(error) : new Error('no reason given')

type Coded = Error & { readonly code?: unknown }

/** The status that was answered, if that is told. OTLP exporters put that of HTTP into the error's `code`; where they use `fetch`, and others, it is in words. */
const statusOf = ({ code, message }: Coded): string => String(code ?? /\bstatus\D{0,20}(\d{3})\b/i.exec(message)?.[1] ?? '')

/** Whether it is the spans that are not taken. */
const isRefusal = (error: Coded): boolean =>
  // 408 and 429 are about the moment, not about the request.
  /^4(?!08|29)\d\d$/.test(statusOf(error))

/**
 * Whether it may be. Source: OTLP specification, what is not to be sent again, by statuses of HTTP and of gRPC. What is thrown is
 * most often a failure to encode, unless it tells of a connection; gRPC has no status for what is too large.
 */
const isDoubtful = (error: Coded, thrown = false): boolean =>
  /^(50[015]|[235679]|1[236])$/.test(statusOf(error)) || /larger than max/.test(error.message) || (thrown && tellsNothing(error))

const tellsNothing = (error: Coded): boolean => error.cause === undefined && statusOf(error) === ''

/** Whether an exporter does not say what is wrong. OpenTelemetry's do in words, where it is the moment: a status to try again by, a timeout. */
const isVague = (error: Coded): boolean => tellsNothing(error) && !/retryable|limit|tim(ed|e) ?out/i.test(error.message)

/** Whether it is about the spans, maybe. What may be an outage's is not to make two requests of each, while that is young. */
function kindOf(error: Coded, thrown?: boolean): Pick<Refusal, 'proofs' | 'apartAfter'> | undefined {
  if (isRefusal(error)) return { proofs: 0, apartAfter: 1 }
  if (isDoubtful(error, thrown)) return { proofs: 1, apartAfter: 1 }
  // Nor is it to lose any, so that there have to be many.
  return isVague(error) ? { proofs: 20, apartAfter: 5 } : undefined
}

// A connection that was lost while the sandbox was frozen fails when it is next used, and only then. The next export makes
// a new one. Where nothing listens, or nobody answers, another attempt would only cost time.
const isLost = (error: { code?: unknown; cause?: unknown }): boolean =>
  /ECONNRESET|EPIPE|UND_ERR_SOCKET/.test(`${error.code} ${(error.cause as typeof error | undefined)?.code}`)
