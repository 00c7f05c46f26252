/**
 * AWS Lambda's internal extension: what `flushed/lambda/register` and the wraps of an isolate share. It is kept on `globalThis`,
 * because the copy of this package that registers (ESM, by `--import`) need not be the one that wraps (CommonJS, in a bundle). The
 * number in the symbol is the version of this interface.
 *
 * @module
 */
import type { Lifetime } from '../core/platform.ts'

/** An invocation of the function. `deadlineMs`, when it times out, is in milliseconds since the Unix epoch. */
export interface LambdaInvocation {
  readonly requestId: string
  readonly deadlineMs: number
}

/** A flush that is due. */
export type Finish = () => unknown

/** A registered internal extension, as wraps see it. */
export interface Extension {
  /** `'invoke'` can hold the sandbox after a response; `'shutdown'` only makes Lambda send SIGTERM before SIGKILL. */
  readonly events: 'invoke' | 'shutdown'
  /** The invocation that is under way, as far as that is known. */
  readonly current?: LambdaInvocation | undefined
  /** A wrapped handler starts to run. */
  begun(requestId: string): void
  /** Whether the sandbox stays awake for this invocation until it is `done`. */
  holds(requestId: string): boolean
  /** A wrapped handler has settled. `finish` runs after the response and before the freeze, but only if `holds`. */
  done(requestId: string, finish?: Finish): void
}

/**
 * Milliseconds for the last flush beside an external extension: Lambda leaves 300 between SIGTERM and SIGKILL. The process needs
 * some for its own end.
 *
 * Source: AWS Lambda developer guide, "Shutdown phase".
 */
export const SHUTDOWN_MS = 250

/** The shared state. Each field is set at most once, by whoever comes first. */
export interface Shared {
  /** Settles when registration has been tried; there is only one attempt in an isolate. */
  registration?: Promise<void>
  extension?: Extension
  /** Why nothing can be flushed after the response, although somebody has asked to register. */
  failure?: string
  /** The last flush of each copy of this package, for when Lambda sends SIGTERM. */
  shutdowns?: ((cause: Error, budgetMs: number) => Promise<void>)[]
  /** Runs something that instrumentations must not trace. Present as soon as a handler has been wrapped. */
  untraced?: <T>(run: () => T) => T
  /** The same for the time before that, if OpenTelemetry had been set up when the function registered. */
  quiet?: Shared['untraced']
}

const KEY = Symbol.for('flushed.lambda.extension.1')

const holder = globalThis as { [KEY]?: Shared }

/** The state of this isolate. */
export const shared: Shared = (holder[KEY] ??= {})

/** What an invocation may do after its response while the extension holds the sandbox for it. */
export const heldLifetime = (extension: Extension, requestId: string): Lifetime => ({
  phase: 'after-response',
  hold(finish) {
    // The extension has lost its connection meanwhile, or has waited for long enough: it will not call.
    if (!extension.holds(requestId)) {
      extension.done(requestId)
      return void finish()
    }
    // The flush runs in the context of this call: log lines and `onFlush` find their request by AsyncLocalStorage.
    let begin!: () => void
    const flushed = new Promise<void>((resolve) => (begin = resolve)).then(finish)
    extension.done(requestId, () => {
      begin()
      return flushed
    })
  },
})

/** What this isolate is registered for, if it is. Lambda then sends SIGTERM before it ends the sandbox. */
export const registered = (): Extension['events'] | undefined => shared.extension?.events
