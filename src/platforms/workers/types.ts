/**
 * The part of what the Workers runtime passes to handlers that is used here. The types that `wrangler types` generates fit.
 *
 * @module
 */
import { read } from '../../core/reading.ts'

/** A context whose `waitUntil` keeps an invocation going: `ExecutionContext`, `DurableObjectState`. */
export interface WorkerContext {
  waitUntil(promise: Promise<unknown>): void
  /** The identifier of the Durable Object whose state this is. */
  readonly id?: { readonly name?: string | undefined } | undefined
}

/**
 * The events that a Worker has handlers for, each with a property that no other argument of a method of that name would have. The
 * property is an object, or the text of a cron: of an RPC stub, every member is a function.
 */
const EVENTS = {
  fetch: 'headers',
  scheduled: 'cron',
  queue: 'messages',
  email: 'raw',
  // The former name of `tail`.
  trace: '0',
  tail: '0',
  tailStream: 'event',
  connect: 'readable',
} as const

export type Event = keyof typeof EVENTS

export const EVENT_NAMES = Object.keys(EVENTS) as Event[]

/** Whether a value is what the handler of an event is called with. */
export const isEvent = (event: Event, given: unknown): boolean => typeof read(given, EVENTS[event]) === (event === 'scheduled' ? 'string' : 'object')

/** The event of a handler whose name does not tell it. An e-mail has headers too, so `fetch`, the first, is the least certain. */
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

/** What a run of a Workflow is told about itself. */
export interface WorkflowEventLike {
  readonly workflowName?: string
  readonly instanceId?: string
}

/** What a Workflow runs its steps with. */
export interface WorkflowStepLike {
  do(name: string, ...more: unknown[]): PromiseLike<unknown>
}
