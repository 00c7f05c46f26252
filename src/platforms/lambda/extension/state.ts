/**
 * What `flushed/lambda/register` and the wraps of an isolate share. It is kept on `globalThis`, because the copy of this
 * package that registers (ESM, by `--import`) need not be the one that wraps (CommonJS, in a bundle). The number in the
 * symbol is the version of this interface.
 *
 * @module
 */

/** A flush that is due. */
export type Finish = () => unknown

/** A registered internal extension, as wraps see it. */
export interface Extension {
  /** `'invoke'` can hold the sandbox after a response; `'shutdown'` only makes Lambda send SIGTERM before SIGKILL. */
  readonly events: 'invoke' | 'shutdown'
  /** A wrapped handler starts to run. */
  begun(requestId: string): void
  /** Whether the sandbox stays awake for this invocation until it is `done`. */
  holds(requestId: string): boolean
  /** A wrapped handler has settled. `finish` runs after the response and before the freeze, but only if `holds`. */
  done(requestId: string, finish?: Finish): void
}

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

/** What this isolate is registered for, if it is. Lambda then sends SIGTERM before it ends the sandbox. */
export const registered = (): Extension['events'] | undefined => shared.extension?.events

/** What Lambda calls the extension, in logs and metrics. */
export const NAME = 'flushed'
