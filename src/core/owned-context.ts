/**
 * OpenTelemetry contexts of an invocation.
 *
 * The API's own context copies all its values into a new table for each value that is set, which is each time a span is made
 * active. That alone costs as much as a tenth of a wrap. Nearly always the value is the span. So here the span has a place of
 * its own, above that of the invocation, which is above all others.
 *
 * @module
 */
import { type Context, createContextKey, trace } from '@opentelemetry/api'
import type { SpanOwner } from './types.ts'

// Keys with the same description are the same symbol in every copy of the API and of this package.
const OWNER = createContextKey('flushed.invocation')

// The key that `trace.setSpan` uses. If it is another one day, spans will be among the other values: slower, not wrong.
const SPAN = createContextKey('OpenTelemetry Context Key SPAN')

class OwnedContext implements Context {
  readonly #key: symbol
  readonly #value: unknown
  readonly #others: Context

  constructor(key: symbol, value: unknown, others: Context) {
    this.#key = key
    this.#value = value
    this.#others = others
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#value : this.#others.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === this.#key) return new OwnedContext(key, value, this.#others)
    if (key === SPAN) return new OwnedContext(key, value, this)
    return new OwnedContext(this.#key, this.#value, this.#others.setValue(key, value))
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined)
  }
}

/** The invocation that a context belongs to. */
export const ownerOf = (context: Context): SpanOwner | undefined => context.getValue(OWNER) as SpanOwner | undefined

/** The same context, without an invocation and without a span. */
export const nobodys = (context: Context): Context => trace.deleteSpan(ownerOf(context) ? context.setValue(OWNER, undefined) : context)

/**
 * A context that belongs to an invocation. It is not put around the context of another invocation: otherwise work that starts
 * the next of its kind would have them all in one chain.
 */
export const owned = (context: Context, owner: SpanOwner): Context =>
  ownerOf(context) ? context.setValue(OWNER, owner) : new OwnedContext(OWNER, owner, context)
