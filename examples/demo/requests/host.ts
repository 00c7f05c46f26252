/**
 * A platform that runs functions over requests.
 *
 * @module
 */
import type { VariantId } from './variants.ts'

/** Where an isolate finds the others. */
export interface Addresses {
  readonly collector: string
  readonly shop: string
}

export interface Host {
  /** What the platform is called. */
  readonly title: string
  /** What the platform really is, for the record. */
  readonly version: string
  /** Where the functions are. */
  readonly sources: string
  /** What its end is, in the demo. */
  readonly end: string
  /** The header in which the platform numbers its requests. */
  readonly idHeader: string
  /** Starts a variant in an isolate of its own. */
  start(id: VariantId, addresses: Addresses): Promise<Isolate>
}

/** One copy of a function: its own memory, its own timers. */
export interface Isolate {
  /** One request. `kept` resolves when nothing that was handed to `waitUntil` is left, if that can be seen from here. */
  request(init: RequestInit): Promise<{ readonly response: Response; readonly kept?: Promise<unknown> }>
  /** What the function has written. */
  logs(): readonly string[]
  /** Ends the isolate without a word, as platforms do. */
  end(): Promise<void>
}
