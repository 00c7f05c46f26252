/** What the Workers runtime hands to handlers, as far as it is used here: what `wrangler types` generates fits. */

/** A context whose `waitUntil` keeps an invocation going: `ExecutionContext`, `DurableObjectState`. */
export interface WorkerContext {
  waitUntil(promise: Promise<unknown>): void
}

/** The kinds of events that a Worker has handlers for. */
export type WorkerEvent = 'fetch' | 'scheduled' | 'queue' | 'email' | 'tail' | 'trace' | 'tailStream' | 'connect'

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
