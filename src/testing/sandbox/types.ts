/**
 * What the Lambda sandbox is told, and what it tells. Times are milliseconds; moments are milliseconds since the Unix
 * epoch with fractions, on the collector's clock.
 *
 * @module
 */
import type { SandboxEvents, SandboxEntry, LogLine } from './journal-types.ts'

/**
 * How an extension's registration is refused: with an error type of the Extensions API (403); `'hang'`: it is never answered;
 * `'reset'`: the connection is reset; a number: with that HTTP status and an empty body.
 */
export type RegistrationRefusal =
  | 'Extension.InvalidEventType'
  | 'Extension.RegistrationClosed'
  | 'Extension.InvalidExtensionState'
  | 'Extension.TooManyExtensions'
  | 'hang'
  | 'reset'
  | number

/** A program that speaks the Runtime API, such as `aws-lambda-ric`. */
export interface RuntimeCommand {
  /** The executable, e.g. `process.execPath`. */
  readonly command: string
  readonly args?: readonly string[]
}

/** Options of {@link startLambda}. */
export interface LambdaOptions {
  /**
   * Absolute path of the module without its extension, a dot, and the export's name: `'/app/orders.handler'` becomes
   * `LAMBDA_TASK_ROOT=/app` and `_HANDLER=orders.handler`. Or give both explicitly.
   */
  readonly handler: string | { readonly taskRoot: string; readonly name: string }
  /** @default the small runtime that comes with `flushed/testing`, on the Node that runs the test */
  readonly runtime?: RuntimeCommand
  /** Variables for the function, on top of Lambda's own. From the test's environment, it gets only `PATH` and `HOME`. */
  readonly env?: Readonly<Record<string, string>>
  /** @default 'flushed-test' */
  readonly functionName?: string
  /** @default '$LATEST' */
  readonly functionVersion?: string
  /** Reported to the function, not enforced. @default 128 */
  readonly memorySizeMb?: number
  /** The function's timeout, extensions included. @default 3000 */
  readonly timeoutMs?: number
  /** How long init may take, until the runtime and every extension have asked for work. @default 10000 */
  readonly initTimeoutMs?: number
  /**
   * Whether the caller gets the response when the runtime has posted it, as in the real service, or only when the sandbox
   * freezes, as in the public emulator. @default true
   */
  readonly earlyReturn?: boolean
  /**
   * Runs the environment as Lambda Managed Instances do: with up to this many invocations at once, as many as the runtime asks
   * for. The environment never freezes, an invocation's timeout ends neither its code nor the process, and internal extensions
   * cannot register for any event. Sets `AWS_LAMBDA_MAX_CONCURRENCY` and `AWS_LAMBDA_INITIALIZATION_TYPE`. `aws-lambda-ric` 4
   * then starts `AWS_LAMBDA_NODEJS_WORKER_COUNT` threads, each of which takes any number of invocations.
   *
   * @default one invocation at a time, and a freeze after each
   */
  readonly concurrency?: number
  readonly extensions?: {
    /** Refuses every registration in this way. Lambda's own rules are enforced without it. */
    readonly refuse?: RegistrationRefusal
    /** Milliseconds after which a registration is answered. The extension is registered from the start. @default 0 */
    readonly answerAfterMs?: number
    /** Resets the connection of the nth `next`, counted from 1, over all extensions, in every environment. @default none */
    readonly resetNext?: number
  }
  /** Whether to pretend that an external extension is there too: SIGKILL then follows SIGTERM after 300 ms, not 500. @default false */
  readonly externalExtension?: boolean
}

/** A connection that goes away in the middle of a response. */
export interface Disconnect {
  /** How many bytes of the response arrive before that. */
  readonly afterBytes: number
  /**
   * `'caller'`: the caller leaves, and gets its result at once. As in Lambda, the function is neither stopped nor told: it
   * runs to its end, and what else it writes is read and discarded ("streamed responses are not interrupted or stopped
   * when the invoking client connection is broken", Lambda developer guide, "Response streaming").
   * `'runtime'`: the runtime's own connection is reset, so that the response stream fails.
   *
   * @default 'caller'
   */
  readonly whose?: 'caller' | 'runtime'
}

/** Options of {@link LambdaSandbox.invoke}. */
export interface InvokeOptions {
  /** Breaks a connection while the response is on its way, which needs a streamed response. @default no connection breaks */
  readonly disconnect?: Disconnect
  /** @default a random UUID */
  readonly requestId?: string
  /** The X-Ray header (`Root=…;Parent=…;Sampled=1`). @default a fresh, unsampled one */
  readonly traceId?: string
  /** Anything that JSON can express. @default none */
  readonly clientContext?: unknown
  /** Anything that JSON can express. @default none */
  readonly cognitoIdentity?: unknown
  /** @default the ARN of the function in `us-east-1` */
  readonly functionArn?: string
}

/**
 * An error as the runtime reported it, or as the sandbox found it: `Sandbox.Timedout`, `Runtime.ExitError`; or
 * `Function.ResponseSizeTooLarge`, for a response of more than 6,291,556 bytes that is not streamed.
 */
export interface LambdaError {
  readonly errorType: string
  readonly errorMessage: string
  readonly stackTrace?: readonly string[]
}

/** A piece of a streamed response. */
export interface ResponseChunk {
  /** Milliseconds from the invocation's start to its arrival. */
  readonly afterMs: number
  readonly bytes: Uint8Array
}

/** How an invocation's sandbox came to rest. */
export interface FreezeRecord {
  /** Absent for the freeze that ends init. */
  readonly requestId?: string
  /** When the last `next` arrived, or when the process was gone. */
  readonly at: number
  /** Milliseconds from the invocation's start (or the process's, for init). */
  readonly afterMs: number
  /**
   * `'frozen'`: stopped, and seen stopped where the system can tell. `'exited'`: the process ended or was killed first.
   * `'running'`: with `concurrency`, the invocation was over and the process went on.
   */
  readonly outcome: 'frozen' | 'exited' | 'running'
  /** The state letter in `/proc/<pid>/stat`: `'T'` is stopped. `'unknown'` where there is no `/proc`, `'X'` once exited. */
  readonly processState: string
}

/** What the caller of an invocation gets. */
export interface LambdaResult {
  readonly requestId: string
  /** Whether the function returned rather than failed. */
  readonly ok: boolean
  /** The response: parsed if it is JSON, else text. For a failure, the error's body. */
  readonly payload: unknown
  /** What a streaming handler gave `HttpResponseStream.from`; absent otherwise. */
  readonly prelude?: unknown
  readonly error?: LambdaError
  /** From handing the event to the runtime until the whole response was there: its last byte, for the caller. */
  readonly responseMs: number
  /** The same for the response's first byte; for an empty response, its end. */
  readonly firstByteMs: number
  /** From handing over the event until the freeze. Only with `earlyReturn: false`; otherwise see `frozen`. */
  readonly frozenAfterMs?: number
  /** Whether {@link InvokeOptions.disconnect} ended it for the caller; `payload` and `chunks` are what came before. */
  readonly disconnected: boolean
  /** Whether the function's timeout ended the invocation. */
  readonly timedOut: boolean
  /** The response as it arrived. One piece, as a rule, unless it was streamed. */
  readonly chunks: readonly ResponseChunk[]
  /** Settles when the sandbox has come to rest after this invocation. Never rejects. */
  readonly frozen: Promise<FreezeRecord>
}

/**
 * A function in a sandbox that freezes as Lambda's does. Leaving the scope (`await using`) kills it at once; see
 * `shutdown`.
 *
 * If you forget this, the function's process is killed when the test's process exits. A process that is ended by a signal does
 * not exit in this sense. In a program of your own that may be interrupted, turn SIGINT and SIGTERM into `process.exit()`, as
 * test runners do; otherwise a stopped process is left behind.
 */
export interface LambdaSandbox extends AsyncDisposable {
  /** The process, while there is one. It changes when the sandbox starts anew. */
  readonly pid: number | undefined
  /** The port of the Runtime API and Extensions API the process talks to. */
  readonly port: number | undefined
  /** Why the last init failed; absent if it did not. The next `invoke` reports it, and the one after starts anew. */
  readonly initError: LambdaError | undefined
  /** Everything that came in and went out, in order. */
  readonly record: readonly SandboxEntry[]
  /** Lines of the function's stdout and stderr. */
  readonly logs: readonly LogLine[]
  /** The state letter of the process right now (`'T'` is stopped), `'X'` if there is none, `'unknown'` off Linux. */
  processState(): string
  /**
   * Runs the function once. Invocations queue: each waits until the sandbox has come to rest after the one before, or
   * with `concurrency`, until fewer than that number are under way.
   *
   * @param event anything that JSON can express; `undefined` is `null`
   * @throws an `Error` after `shutdown`; a `TypeError` that names the bad option, or `event`, before anything has been
   * sent to the process. A failing function is a result with `ok: false`, not a rejection.
   */
  invoke(event: unknown, options?: InvokeOptions): Promise<LambdaResult>
  /** How the sandbox came to rest after an invocation; waits for it. */
  frozen(requestId: string): Promise<FreezeRecord>
  /** Calls `listener` synchronously at the moment of the event. @returns a function that stops it */
  on<E extends keyof SandboxEvents>(event: E, listener: (detail: SandboxEvents[E]) => void): () => void
  /**
   * Ends the sandbox as Lambda does: SIGTERM first if an extension is registered, SIGKILL after the grace period (500 ms). With
   * `aws-lambda-ric` 4, the shutdown always takes the whole grace period: `process.exit()` blocks while the client's native code
   * waits for work. Safe to call twice.
   */
  shutdown(): Promise<void>
}
