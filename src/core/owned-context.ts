/**
 * OpenTelemetry contexts of an invocation.
 *
 * The API's own context copies all its values into a new table for each value that is set, which is each time a span is
 * made active: that alone costs as much as a tenth of a wrap. Nearly always the value is the span, so here it has a field.
 *
 * @module
 */
import { type Context, createContextKey } from '@opentelemetry/api'
import type { SpanOwner } from './types.ts'

// Keys of one description are the same symbol in every copy of the API and of this package.
const OWNER = createContextKey('flushed.invocation')

// The key that `trace.setSpan` uses. Were it another one day, spans would be among the other values: slower, not wrong.
const SPAN = createContextKey('OpenTelemetry Context Key SPAN')

class OwnedContext implements Context {
  readonly #owner: unknown
  readonly #span: unknown
  readonly #others: Context

  constructor(owner: unknown, span: unknown, others: Context) {
    this.#owner = owner
    this.#span = span
    this.#others = others
  }

  getValue(key: symbol): unknown {
    return key === SPAN ? this.#span : key === OWNER ? this.#owner : this.#others.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === SPAN) return new OwnedContext(this.#owner, value, this.#others)
    if (key === OWNER) return new OwnedContext(value, this.#span, this.#others)
    return new OwnedContext(this.#owner, this.#span, this.#others.setValue(key, value))
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined)
  }
}

/** The invocation that a context belongs to. */
export const ownerOf = (context: Context): SpanOwner | undefined => context.getValue(OWNER) as SpanOwner | undefined

/** A context that belongs to an invocation. */
export const owned = (context: Context, owner: SpanOwner): Context =>
  new OwnedContext(owner, context.getValue(SPAN), context)
