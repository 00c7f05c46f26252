/**
 * Invocations for code that is not a function to wrap: a queue poller's loop, a script, a test.
 *
 * @module
 */
import { type Context, INVALID_SPAN_CONTEXT, type Span, type SpanOptions, context, trace } from '@opentelemetry/api'
import { adopt } from './adopt.ts'
import { span, waitUntil } from './current.ts'
import { entering } from './enter.ts'
import { running } from './isolate.ts'
import { type Begun, type Settled, begin } from './lifecycle.ts'
import { type TelemetryOptions, resolveOptions } from './options.ts'
import { hasMethod } from './reading.ts'
import { type Watcher, followed, settling } from './thenable.ts'
import type { DisposableSpan, Invocation } from './types.ts'
import { anywhere } from './with-telemetry.ts'

/** An invocation that ends with its scope: `await using poll = openInvocation({ name: 'poll' })`. */
export interface OpenInvocation extends Invocation, AsyncDisposable {
  /**
   * Runs `work` in the invocation's context, for runtimes without AsyncLocalStorage and applications with a context
   * manager of their own. What `work` throws or rejects with is recorded, and reaches the caller.
   */
  run<T>(work: () => T): T
  /** Marks the invocation as failed. The end of a scope does not know what error left the scope: report the error here. */
  fail(error: unknown): void
}

/**
 * Opens an invocation that ends with its scope.
 *
 * At the end of the scope, the invocation ends whatever is still open. Before the scope is left, all spans have been
 * acknowledged, or reported as not acknowledged. This takes `timeoutMs` at most, and never rejects.
 *
 * Where there is AsyncLocalStorage, the invocation is the current one from here on, in the function that opens it and in
 * everything that this function calls. Several invocations may be open side by side: none is inside another. Within a
 * wrapped handler, the invocation is a child span.
 *
 * @throws TypeError when an option is unknown or has a bad value
 *
 * @example
 * for await (const message of queue) {
 *   await using poll = openInvocation({ name: 'process message', telemetry })
 *   try {
 *     await handle(message)
 *   } catch (error) {
 *     poll.fail(error)
 *   }
 * }
 */
export function openInvocation(options?: TelemetryOptions<[]>): OpenInvocation {
  const wrap = { config: resolveOptions(options), platform: anywhere }
  return new Opened(entering({}, () => begin(wrap, '', [])))
}

/** An open invocation, or a stand-in if none could be opened: telemetry that cannot begin must not keep the code from running. */
class Opened implements OpenInvocation {
  readonly context: Context
  readonly root: Span
  readonly #begun: Begun | undefined
  #how: Settled = { result: undefined }
  #settled: Promise<unknown> | undefined
  readonly #watcher: Watcher = {
    over: (failed) => failed && this.fail(failed.thrown),
    within: (part) => this.#within(part),
  }

  constructor(begun: Begun | undefined) {
    this.#begun = begun
    this.context = begun?.context ?? context.active()
    this.root = trace.getSpan(this.context) ?? trace.wrapSpanContext(INVALID_SPAN_CONTEXT)
  }

  get live(): boolean {
    return this.#begun?.live() ?? false
  }

  get signal(): AbortSignal {
    return this.#begun?.owner.signal ?? new AbortController().signal
  }

  waitUntil(work: PromiseLike<unknown>): void {
    this.#within(() => waitUntil(work))
  }

  span(name: string, options?: SpanOptions): DisposableSpan {
    return this.#within(() => span(name, options))
  }

  adopt<T>(thing: T, end: (thing: NonNullable<T>) => void): T {
    return this.#within(() => adopt(thing, end))
  }

  run<T>(work: () => T): T {
    try {
      const result = this.#within(work)
      return hasMethod(result, 'then') && !followed.has(result as object) ? (settling(result as object, this.#watcher) as T) : result
    } catch (thrown) {
      this.fail(thrown)
      throw thrown
    }
  }

  fail(error: unknown): void {
    this.#how = { thrown: error }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#settled ??= Promise.resolve(this.#begun?.settle(this.#how)))
  }

  #within<T>(work: () => T): T {
    return running(this.#begun?.owner, () => context.with(this.context, work))
  }
}
