/**
 * What the Workers runtime hands to handlers, as far as it is used here: what `wrangler types` generates fits.
 *
 * @module
 */
import { read } from '../../core/reading.ts'

/** A context whose `waitUntil` keeps an invocation going: `ExecutionContext`, `DurableObjectState`. */
export interface WorkerContext {
  waitUntil(promise: Promise<unknown>): void
  /** That of the Durable Object whose state this is. */
  readonly id?: { readonly name?: string | undefined } | undefined
}

/**
 * The kinds of events that a Worker has handlers for, and what each event has that no other argument of a method by that name
 * would: an object, or a cron's text. Of a stub any member is a function.
 */
const EVENTS = {
  fetch: 'headers',
  scheduled: 'cron',
  queue: 'messages',
  email: 'raw',
  // The former name of what comes next.
  trace: '0',
  tail: '0',
  tailStream: 'event',
  connect: 'readable',
} as const

export type Event = keyof typeof EVENTS

export const EVENT_NAMES = Object.keys(EVENTS) as Event[]

/** Whether something is what a handler of that event is called with. */
export const isEvent = (event: Event, given: unknown): boolean => typeof read(given, EVENTS[event]) === (event === 'scheduled' ? 'string' : 'object')

/** The event of a handler that is none's by its name. An e-mail has headers too: the first of them is the least sure. */
export const eventOf = (given: unknown): Event | '' => EVENT_NAMES.findLast((event) => isEvent(event, given)) ?? ''

/** A batch of a queue's messages. */
export interface MessageBatchLike {
  readonly queue: string
  readonly messages: readonly { readonly id: string; readonly body: unknown }[]
}

/** The event of a cron trigger. */
export interface ScheduledControllerLike {
  readonly cron: string
  readonly scheduledTime: number
}

/** What a run of a Workflow is told of itself. */
export interface WorkflowEventLike {
  readonly workflowName?: string
  readonly instanceId?: string
}

/** What a Workflow runs its steps with. */
export interface WorkflowStepLike {
  do(name: string, ...more: unknown[]): PromiseLike<unknown>
}
