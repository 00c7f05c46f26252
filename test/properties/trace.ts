/** What did happen: one list of events for a whole program, which the properties are about. */
import type { Context, Span } from '@opentelemetry/api'
import { trace as api } from '@opentelemetry/api'
import type { Clock, FlushReport } from 'flushed'
import type { Settled } from '../../src/core/lifecycle.ts'
import type { Phase } from '../../src/core/types.ts'
import { unfinished } from '../../src/core/attributes.ts'
import type { Request } from './requests.ts'

/** Who flushes: the invocation of that number, or nobody, as at the end of an environment. */
export type Owner = number | 'nobody'

/** A span, as far as the program knows it. */
export interface Recorded {
  readonly name: string
  readonly span: Span
  /** Whose it is; `undefined` for one that was started outside of any invocation. */
  readonly owner: number | undefined
  readonly isRoot: boolean
  readonly parent: Recorded | undefined
  /** Whether its invocation was live when it was started. */
  readonly whileLive: boolean
  /** Where in the list it has ended. */
  ended?: number
  /** Whether its invocation has ended it. */
  unfinished?: boolean
  /** Where in the list the exporter has first been given it, and has first said that it has it. */
  exported?: number
  accepted?: number
}

/** What is adopted: something of another SDK, with a span above it. */
export interface Adopted {
  readonly owner: number
  readonly parent: Recorded | undefined
  readonly whileLive: boolean
  ended?: number
}

export interface Export {
  readonly spans: readonly Recorded[]
  /** Where in the list it was made, and answered. */
  readonly made: number
  answered?: number
  /** The request that it was made in. */
  readonly request: Request | undefined
}

interface About {
  start: { span: Recorded }
  end: { span: Recorded }
  'adopted ended': { thing: Adopted }
  begin: { owner: Owner }
  /** It is ended before its handler has settled. */
  early: { owner: Owner }
  /** Its environment ends, with its handler not settled or its background work not over. */
  dead: { owner: Owner }
  /** Its telemetry is left to a later flush. */
  defer: { owner: Owner }
  settle: { owner: Owner; how: Settled }
  response: { owner: Owner; how: Settled }
  flush: { owner: Owner; phase: Phase | undefined; live: boolean; timeoutMs: number; request: Request | undefined }
  /** Its buffers have been told to hand over what they have. */
  'handed over': { owner: Owner }
  /** And have done so. */
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

/** A flush, and what it said. */
export interface Flush {
  readonly start: Of<'flush'>
  /** Absent when there was nothing to say, or nobody left to say it to. */
  readonly end?: Of<'report'>
}

export class Trace {
  readonly events: (Event & { at: number; index: number })[] = []
  readonly spans = new Map<string, Recorded>()
  readonly adopted: Adopted[] = []
  readonly exports: Export[] = []
  /** After the last flushes: how long the list was. */
  readonly lasts: number[] = []
  /** Whether an invocation of that number is live. */
  isLive: (owner: number) => boolean = () => false

  constructor(readonly clock: Clock) {}

  log(event: Event): number {
    return this.events.push({ ...event, at: this.clock.now(), index: this.events.length }) - 1
  }

  of<W extends What>(...what: W[]): Of<W>[] {
    return this.events.filter((event): event is Of<W> => (what as string[]).includes(event.what))
  }

  /** The first of an invocation's. */
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

  /** Where an invocation's account was closed: what ends from then on is late. */
  closed(owner: number): number {
    return (
      this.events.find(
        (event) => (event.what === 'defer' || (event.what === 'flush' && !event.live)) && event.owner === owner,
      )?.index ?? Infinity
    )
  }

  /** The span of the SDK's object. */
  recorded(span: { spanContext(): { spanId: string } }): Recorded {
    return this.spans.get(span.spanContext().spanId) as Recorded
  }

  /** A span processor that writes down what comes by. Names say whose a span is: `2:root`, `2:5`, `:1` for nobody's. */
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
