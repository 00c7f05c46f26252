/**
 * What may happen: programs of concurrent invocations, made up at random, and small enough to read when one fails.
 *
 * A program runs deterministically. Its only scheduler is the clock that stands still: code that sleeps for fewer milliseconds
 * goes first, and code that wakes at the same time continues in the order in which it went to sleep.
 */
import fc from 'fast-check'

/** How the platform lets invocations live. See `worlds.ts`. */
export type World = 'awaits' | 'keeps' | 'requests' | 'requests that wait'

/** How a piece of code ends. */
export type Ending = 'returns' | 'throws' | 'throws undefined' | 'never'

/** One thing that the code of a handler does. */
export type Op =
  | { op: 'start'; below: number | 'active'; by: 'tracer' | 'helper' | 'trace' }
  | { op: 'end'; which: number }
  | { op: 'adopt' }
  | { op: 'turns'; count: number }
  | { op: 'sleep'; ms: number }
  | { op: 'flush'; inside: boolean }
  | { op: 'span of nobody'; sameTrace: boolean; ms: number }
  | { op: 'scope'; forgotten: boolean; ops: Op[] }
  | { op: 'float'; ops: Op[] }
  | { op: 'background'; through: 'flushed' | 'platform'; ops: Op[]; ending: Ending }
  | { op: 'wrapped'; ops: Op[]; ending: Ending }

/** What the exporter does with one export. `refuses` is a status of 400, `resets` a connection that was reset. */
export interface Answer {
  how: 'accepts' | 'accepts twice' | 'fails' | 'refuses' | 'resets' | 'throws' | 'never'
  /** Before `export` returns, in a microtask, or after this many milliseconds. */
  when: 'at once' | 'microtask' | number
}

/** One invocation. */
export interface Plan {
  /** When it begins, in milliseconds. */
  startsMs: number
  /** Whether its handler is a function that returns no promise. */
  sync: boolean
  ops: Op[]
  ending: Ending
  /** Whether its telemetry is left to a later flush, on platforms that can do that. */
  deferred: boolean
  /** When it is ended if its handler has not settled, in milliseconds from its start, on platforms that do that. */
  earlyMs: number
  /** Milliseconds between the response and the flush, on platforms that flush after the response. */
  heldMs: number
  /** How much time the platform leaves, in milliseconds from its start. */
  leavesMs: number
  onFlush: 'returns' | 'throws' | 'rejects'
}

export interface Program {
  world: World
  timeoutMs: number
  maxBufferSize: number
  maxQueueSize: number
  flushIntervalMs: number | false
  /** Milliseconds that it takes to flush another buffer, beside that of the exporter. */
  bufferMs: number
  /** Whether the exporter has a `forceFlush` that waits for exports in flight, as OTLP exporters have. */
  drains: boolean
  /** One for each export, in order; after the last one, from the first again. */
  answers: Answer[]
  invocations: Plan[]
}

const ms = fc.constantFrom(0, 1, 7, 40, 130, 600, 1700)
const few = fc.nat({ max: 5 })
const ending = often<Ending>('returns', 'throws', 'throws undefined', 'never')

/** The first of these half of the time: the unusual shows only among enough of the usual. */
function often<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: others.length, arbitrary: fc.constant(usual) }, { weight: others.length, arbitrary: fc.constantFrom(...others) })
}

const leaf: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('start' as const),
      below: fc.oneof(fc.constant('active' as const), few),
      by: often<'tracer' | 'helper' | 'trace'>('tracer', 'helper', 'trace'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('end' as const), which: few }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('sleep' as const), ms }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('turns' as const), count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 1, arbitrary: fc.constant<Op>({ op: 'adopt' }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('span of nobody' as const), sameTrace: fc.boolean(), ms: often(0, 7, 130) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('flush' as const), inside: fc.boolean() }) },
)

const { ops } = fc.letrec<{ op: Op; ops: Op[] }>((tie) => ({
  ops: fc.array(tie('op'), { maxLength: 6 }),
  op: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    { weight: 8, arbitrary: leaf },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('scope' as const), forgotten: fc.boolean(), ops: tie('ops') }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('float' as const), ops: tie('ops') }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('wrapped' as const), ops: tie('ops'), ending }) },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant('background' as const),
        through: fc.constantFrom('flushed' as const, 'platform' as const),
        ops: tie('ops'),
        ending,
      }),
    },
  ),
}))

const answer: fc.Arbitrary<Answer> = fc.record({
  how: often<Answer['how']>('accepts', 'accepts twice', 'fails', 'refuses', 'resets', 'throws', 'never'),
  when: fc.oneof(fc.constantFrom('at once' as const, 'microtask' as const), ms, fc.constant(9000)),
})

const plan: fc.Arbitrary<Plan> = fc.record({
  startsMs: ms,
  sync: often(false, true),
  ops,
  ending,
  deferred: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  earlyMs: often(Infinity, 0, 40, 600),
  heldMs: often(0, 1, 130),
  leavesMs: often(Infinity, 10_000, 700, 50),
  onFlush: often<Plan['onFlush']>('returns', 'throws', 'rejects'),
})

export const program: fc.Arbitrary<Program> = fc.record({
  world: fc.constantFrom<World[]>('awaits', 'keeps', 'requests', 'requests that wait'),
  timeoutMs: fc.constantFrom(2000, 400, 50),
  maxBufferSize: often(512, 1, 2, 3),
  maxQueueSize: often(2048, 3, 6),
  flushIntervalMs: often<number | false>(5000, 30, false),
  bufferMs: often(0, 130, 600, Infinity),
  drains: fc.boolean(),
  answers: fc.array(answer, { minLength: 1, maxLength: 5 }),
  invocations: fc.array(plan, { minLength: 1, maxLength: 3 }),
})
