/**
 * Ends objects of other SDKs together with an invocation.
 *
 * @module
 */
import { type SpanContext, context, trace } from '@opentelemetry/api'
import { contextWithin, currentOwner } from './current.ts'
import { invalidOption } from './errors.ts'
import type { OpenSpan } from './types.ts'

/** An object with one of the usual ways to end: a span of OpenTelemetry, Sentry or Datadog, an X-Ray segment, a disposable. */
export type Endable = { end(): unknown } | { finish(): unknown } | { close(): unknown } | Disposable

// An object with more than one of these methods is ended by the first.
const WAYS = ['end', 'finish', 'close', Symbol.dispose] as const

/**
 * Makes the current invocation end an object of another SDK together with its own spans, in order: children before parents,
 * and all of them before the root. An object that has ended by then is left alone. Outside an invocation, nothing happens.
 *
 * The invocation calls the first of these methods that the object has: `end()` (OpenTelemetry, Sentry), `finish()`
 * (Datadog), `close()` (X-Ray), `[Symbol.dispose]()`. `undefined` and `null`, which tracers return when they are off, are
 * ignored.
 *
 * @returns `thing`
 * @throws TypeError when the object has none of these methods
 *
 * @example
 * const charge = adopt(AWSXRay.getSegment()?.addNewSubsegment('charge'))
 */
export function adopt<T extends Endable | null | undefined>(thing: T): T
/**
 * Makes the current invocation end an object of another SDK by calling `end`, for objects that end in a way of their own.
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
  // Check `thing` outside an invocation too: a mistake must not wait for production.
  const span = spanOf(thing)
  span.parentSpanContext ??= owner && trace.getSpanContext(contextWithin(owner))
  owner?.opened(span)
  return thing
}

type Adopted = { -readonly [name in keyof OpenSpan]: OpenSpan[name] }

/** The members that are read from a thing. It need not have any of them. */
type Thing = Partial<Record<(typeof WAYS)[number] | 'isRecording' | 'isClosed', () => unknown>> & Omit<Partial<OpenSpan>, 'end'>

function spanOf(thing: object): Adopted {
  const it = thing as Thing
  const way = WAYS.find((name) => typeof it[name] === 'function')
  if (!way) throw invalidOption('thing', it, 'something with `end`, `finish`, `close` or `[Symbol.dispose]`, or with a function that ends it')
  const span: Adopted = {
    end: () => it[way]?.(),
    // X-Ray segments have `isClosed` rather than `isRecording`, and must not be closed twice.
    isRecording: () => it.isRecording?.() !== false && it.isClosed?.() !== true,
    parentSpanContext: it.parentSpanContext,
  }
  if (!it.spanContext) return span
  // A span of OpenTelemetry's kind may have children, and gets the same mark as our own spans.
  return {
    ...span,
    spanContext: () => it.spanContext?.() as SpanContext,
    setAttribute: (key, value) => it.setAttribute?.(key, value),
    setStatus: (status) => it.setStatus?.(status),
  }
}
