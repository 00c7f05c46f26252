/**
 * Things of other SDKs that are ended with an invocation.
 *
 * @module
 */
import { type SpanContext, context, trace } from '@opentelemetry/api'
import { contextWithin, currentOwner } from './current.ts'
import { invalidOption } from './errors.ts'
import type { OpenSpan } from './types.ts'

/** What ends in one of the usual ways: spans of OpenTelemetry and Sentry, of Datadog, segments of X-Ray, disposables. */
export type Endable = { end(): unknown } | { finish(): unknown } | { close(): unknown } | Disposable

// What has two of these ends by the first.
const WAYS = ['end', 'finish', 'close', Symbol.dispose] as const

/**
 * Has the current invocation end something of another SDK along with its own spans, in order: children before parents,
 * all of them before the root. What has ended by then is left alone. Outside an invocation nothing happens.
 *
 * It is ended by its `end()` (OpenTelemetry, Sentry), `finish()` (Datadog), `close()` (X-Ray) or `[Symbol.dispose]()`,
 * whichever it has first. For `undefined` and `null`, which tracers give when they are off, nothing happens.
 *
 * @returns `thing`
 * @throws TypeError when it has none of these
 *
 * @example
 * const charge = adopt(AWSXRay.getSegment()?.addNewSubsegment('charge'))
 */
export function adopt<T extends Endable | null | undefined>(thing: T): T
/**
 * The same for a thing that ends in another way.
 *
 * @param end called when the invocation is over; must tolerate a thing that has ended already
 *
 * @example
 * const timer = adopt(vendor.timer('charge'), (timer) => timer.stop())
 */
export function adopt<T>(thing: T, end: (thing: NonNullable<T>) => void): T
export function adopt<T>(thing: T, end?: (thing: NonNullable<T>) => void): T {
  const owner = currentOwner(context.active())
  if (end) return owner ? owner.adopt(thing, end) : thing
  if (thing === undefined || thing === null) return thing
  // Looked at in any case: a mistake is not to wait for production.
  const span = spanOf(thing)
  span.parentSpanContext ??= owner && trace.getSpanContext(contextWithin(owner))
  owner?.opened(span)
  return thing
}

type Adopted = { -readonly [name in keyof OpenSpan]: OpenSpan[name] }

/** What may be asked of a thing, none of which it need have. */
type Thing = Partial<Record<(typeof WAYS)[number] | 'isRecording' | 'isClosed', () => unknown>> & Omit<Partial<OpenSpan>, 'end'>

function spanOf(thing: object): Adopted {
  const it = thing as Thing
  const way = WAYS.find((name) => typeof it[name] === 'function')
  if (!way) throw invalidOption('thing', it, 'something with `end`, `finish`, `close` or `[Symbol.dispose]`, or with a function that ends it')
  const span: Adopted = {
    end: () => it[way]?.(),
    // Segments of X-Ray are told by the other, and must not be closed twice.
    isRecording: () => it.isRecording?.() !== false && it.isClosed?.() !== true,
    parentSpanContext: it.parentSpanContext,
  }
  if (!it.spanContext) return span
  // One of OpenTelemetry's kind may have others below it, and is marked as ours are.
  return {
    ...span,
    spanContext: () => it.spanContext?.() as SpanContext,
    setAttribute: (key, value) => it.setAttribute?.(key, value),
    setStatus: (status) => it.setStatus?.(status),
  }
}
