/** What has happened: one list of events for a whole program. The properties are about this list. */
import type { Context, Span } from '@opentelemetry/api'
import { trace as api } from '@opentelemetry/api'
import type { Clock, FlushReport } from 'flushed'
import type { Settled } from '../../src/core/lifecycle.ts'
import type { Phase } from '../../src/core/types.ts'
import { unfinished } from '../../src/core/attributes.ts'
import type { Request } from './requests.ts'

/** Who flushes: the invocation of this number, or nobody, as at the end of an environment. */
export type Owner = number | 'nobody'

/** What a program knows of a span. */
export interface Recorded {
  readonly name: string
  readonly span: Span
  /** The invocation that it belongs to; `undefined` if it was started outside of any invocation. */
  readonly owner: number | undefined
  readonly isRoot: boolean
  readonly parent: Recorded | undefined
  /** Whether its invocation was live when the span was started. */
  readonly whileLive: boolean
  /** The index in the list at which it ended. */
  ended?: number
  /** Whether its invocation ended it. */
  unfinished?: boolean
  /** The indices in the list at which the exporter first received it, and first acknowledged it. */
  exported?: number
  accepted?: number
}

/** An adopted object of another SDK, with the span above it. */
export interface Adopted {
  readonly owner: number
  readonly parent: Recorded | undefined
  readonly whileLive: boolean
  ended?: number
}

export interface Export {
  readonly spans: readonly Recorded[]
  /** The indices in the list at which it was made, and answered. */
  readonly made: number
  answered?: number
  /** The request in which it was made. */
  readonly request: Request | undefined
}

interface About {
  start: { span: Recorded }
  end: { span: Recorded }
  'adopted ended': { thing: Adopted }
  begin: { owner: Owner }
  /** The invocation is ended before its handler has settled. */
  early: { owner: Owner }
  /** The environment ends while the handler has not settled, or while background work is not over. */
  dead: { owner: Owner }
  /** The invocation's telemetry is left to a later flush. */
  defer: { owner: Owner }
  settle: { owner: Owner; how: Settled }
  response: { owner: Owner; how: Settled }
  flush: { owner: Owner; phase: Phase | undefined; live: boolean; timeoutMs: number; request: Request | undefined }
  /** The buffers have been told to hand over their contents. */
  'handed over': { owner: Owner }
  /** The buffers have handed over their contents. */
  drained: { owner: Owner }
  network: { owner: Owner; timeoutMs: number }
  report: { owner: Owner; report: FlushReport }
  export: { batch: Export }
  accept: { batch: Export }
  fail: { batch: Export }
  warn: { message: string }
  unhandled: { reason: unknown }
}

type What = keyof About
export type Event = { [W in What]: { what: W } & About[W] }[What]
export type Of<W extends What> = Extract<Event, { what: W }> & { readonly at: number; readonly index: number }

/** A flush, and its report. */
export interface Flush {
  readonly start: Of<'flush'>
  /** Absent when there was nothing to report, or nobody left to report to. */
  readonly end?: Of<'report'>
}

export class Trace {
  readonly events: (Event & { at: number; index: number })[] = []
  readonly spans = new Map<string, Recorded>()
  readonly adopted: Adopted[] = []
  readonly exports: Export[] = []
  /** How long the list was after each of the last flushes. */
  readonly lasts: number[] = []
  /** Whether the invocation of this number is live. */
  isLive: (owner: number) => boolean = () => false

  constructor(readonly clock: Clock) {}

  log(event: Event): number {
    return this.events.push({ ...event, at: this.clock.now(), index: this.events.length }) - 1
  }

  of<W extends What>(...what: W[]): Of<W>[] {
    return this.events.filter((event): event is Of<W> => (what as string[]).includes(event.what))
  }

  /** The first event of this kind of an invocation. */
  first<W extends 'early' | 'settle' | 'response' | 'dead' | 'defer'>(what: W, owner: Owner): Of<W> | undefined {
    return this.events.find((event): event is Of<W> => event.what === what && (event as Of<'defer'>).owner === owner)
  }

  /** The numbers of the invocations. */
  get owners(): number[] {
    return [...this.spans.values()].flatMap(({ isRoot, owner }) => (isRoot && owner !== undefined ? [owner] : []))
  }

  /** The spans of an invocation, its root among them. */
  spansOf(owner: Owner | undefined): Recorded[] {
    return [...this.spans.values()].filter((span) => span.owner === owner)
  }

  get flushes(): Flush[] {
    const reports = this.of('report')
    const starts = this.of('flush')
    return starts.map((start) => {
      const next = starts.find(({ index, owner }) => index > start.index && owner === start.owner)?.index ?? Infinity
      const end = reports.find(({ index, owner }) => index > start.index && index < next && owner === start.owner)
      return end ? { start, end } : { start }
    })
  }

  /** The index at which an invocation was closed: a span that ends after it goes with the flush of another one. */
  closed(owner: number): number {
    return (
      this.events.find(
        (event) => (event.what === 'defer' || (event.what === 'flush' && !event.live)) && event.owner === owner,
      )?.index ?? Infinity
    )
  }

  /** The index from which an invocation's spans are late: that of its last flush, or of the one that it has been left to. */
  lateFrom(owner: number): number {
    const closed = this.closed(owner)
    return this.of('flush').find(({ index }) => index >= closed)?.index ?? Infinity
  }

  /** The recorded span of an SDK's span object. */
  recorded(span: { spanContext(): { spanId: string } }): Recorded {
    return this.spans.get(span.spanContext().spanId) as Recorded
  }

  /** A span processor that logs every span. A span's name tells its invocation: `2:root`, `2:5`; `:1` belongs to none. */
  readonly processor = {
    onStart: (span: Span, context: Context): void => {
      const { name } = span as Span & { name: string }
      const [whose, which] = name.split(':')
      const owner = whose ? Number(whose) : undefined
      const recorded: Recorded = {
        name,
        span,
        owner,
        isRoot: which === 'root',
        parent: this.spans.get(String(api.getSpanContext(context)?.spanId)),
        whileLive: owner !== undefined && (which === 'root' || this.isLive(owner)),
      }
      this.spans.set(span.spanContext().spanId, recorded)
      this.log({ what: 'start', span: recorded })
    },
    onEnd: (ended: { spanContext(): { spanId: string }; attributes: Record<string, unknown> }): void => {
      const span = this.recorded(ended)
      span.unfinished = ended.attributes[unfinished] === true
      span.ended = this.log({ what: 'end', span })
    },
    forceFlush: async (): Promise<void> => {},
    shutdown: async (): Promise<void> => {},
  }
}
