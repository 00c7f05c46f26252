/**
 * Registering as an internal extension: whether, once, and what becomes of it.
 *
 * @module
 */
import type { ContextManager } from '@opentelemetry/api'
import { managedInstance } from '../../../server/managed.ts'
import { next, register } from './client.ts'
import { Loop } from './loop.ts'
import { type Extension, shared } from './state.ts'
import { by } from './timing.ts'

/**
 * How long a registration is waited for, in milliseconds. Lambda answers within two or three; init may take 10 s in all.
 */
export const REGISTER_TIMEOUT_MS = 1000

/** What starts others, as the main script of a process: package managers, and what is put before a command. */
const LAUNCHER =
  /[\\/](np[mx](-cli\.js)?|(pnp[mx]|yarn(pkg)?|corepack)(\.[cm]?js)?|yarn-[\w.-]+\.[cm]?js|\.bin[\\/](cross-env(-shell)?|dotenvx?|env-cmd|tsx)|tsx[\\/]dist[\\/]cli\.mjs)$/

/** A program on the command line. */
const EVAL = /^(-e|-p|-pe|--eval|--print)(=|$)/

// By no `import`, which costs milliseconds: see client.ts.
const { isMainThread } = process.getBuiltinModule('node:worker_threads')

/** What each kind of extension registers for. `SHUTDOWN` is refused for internal ones; SIGTERM comes without. */
export const EVENTS = { invoke: ['INVOKE'], shutdown: [] } as const

/**
 * The address to register at; `undefined` where this isolate does not register.
 *
 * Silent where there is no Lambda: the same code runs in tests and on developers' machines. Managed Instances refuse
 * internal extensions and never freeze. A worker thread, or a second import, has a main thread or a first that registers.
 * The `npx` that starts `aws-lambda-ric` in images that are not based on AWS's gets the same `NODE_OPTIONS` as the function,
 * and before it: were it to register, the function would be refused, since a name is given once, and Lambda would wait for
 * `npx`. So it is with the `node -p` of a script that runs before the function. Of other scripts nothing tells that they are
 * not the function: that may be anything that speaks to the Runtime API.
 */
export function address(): string | undefined {
  const { env, argv, execArgv } = process
  if (shared.registration || managedInstance() || !isMainThread || LAUNCHER.test(argv[1] ?? '')) return undefined
  const api = env['AWS_LAMBDA_RUNTIME_API']
  if (!api && env['AWS_LAMBDA_FUNCTION_NAME']) failed(new Error('AWS_LAMBDA_RUNTIME_API is not set'))
  if (api && env['NODE_OPTIONS']?.includes('--import') && execArgv.some((arg) => EVAL.test(arg))) {
    failed(new Error('a program on the command line does not register by NODE_OPTIONS'))
    return undefined
  }
  return api || undefined
}

/** Registers and starts the loop; resolves when wraps can tell what has become of it. Never rejects. */
export async function registerOnce(events: Extension['events']): Promise<void> {
  const api = address()
  if (api) shared.registration = registering(api, events)
  await shared.registration
}

/** Where OpenTelemetry's API keeps what has been registered with it, for all its copies. */
const API = Symbol.for('opentelemetry.js.api.1')
/** What its `createContextKey` makes of the key by which its own `suppressTracing` marks a context. */
const SUPPRESSED = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

async function registering(api: string, events: Extension['events']): Promise<void> {
  try {
    keepQuiet()
  } catch {
    // Then they are traced.
  }
  const wait: { over?: () => void } = {}
  // An answer that is late is an answer: Lambda waits for every extension it has registered.
  const registration = register(api, EVENTS[events], wait).then((identifier) => start(api, identifier, events), failed)
  if (await by(registration, Date.now() + REGISTER_TIMEOUT_MS)) return
  wait.over?.()
  failed(new Error(`registration was not answered within ${REGISTER_TIMEOUT_MS} ms`))
}

/**
 * Keeps requests from being traced by whoever was loaded before, and has registered a context manager. Without OpenTelemetry's
 * package, which would cost each cold start; and an `import` that is awaited here may wait for this very module in a bundle.
 */
function keepQuiet(): void {
  const { context } = (globalThis as { [API]?: { context?: ContextManager } })[API] ?? {}
  const suppressed = context?.active().setValue(SUPPRESSED, true)
  if (context && suppressed) shared.quiet = (run) => context.with(suppressed, run)
}

/** Starts the loop of a registered extension. */
export function start(api: string, identifier: string, events: Extension['events']): void {
  const loop = new Loop(events, () => next(api, identifier), shared)
  shared.extension = loop
  delete shared.failure
  // Not before the function's modules have been loaded, as far as that takes one turn: a request cannot be kept from the
  // tracing of an SDK that is set up while it is under way.
  setImmediate(() => void loop.run())
}

/** Keeps the reason, for the first wrapped invocation to tell. */
export function failed(thrown: unknown): void {
  shared.failure ??= thrown instanceof Error ? thrown.message : String(thrown)
}
