/**
 * Registration as an internal extension: whether to register, how to register only once, and the outcome.
 *
 * @module
 */
import type { ContextManager } from '@opentelemetry/api'
import { managedInstance } from '../../../server/managed.ts'
import { next, register } from './client.ts'
import { Loop } from './loop.ts'
import { watchRequests } from './requests.ts'
import { type Extension, shared } from '../../../server/extension.ts'
import { by } from './timing.ts'

/**
 * Milliseconds to wait for a registration. Lambda answers within two or three; init may take 10 s in all.
 */
export const REGISTER_TIMEOUT_MS = 1000

/** Main scripts that start other programs: package managers, and what is put in front of a command. */
const LAUNCHER =
  /[\\/](np[mx](-cli\.js)?|(pnp[mx]|yarn(pkg)?|corepack)(\.[cm]?js)?|yarn-[\w.-]+\.[cm]?js|\.bin[\\/](cross-env(-shell)?|dotenvx?|env-cmd|tsx)|tsx[\\/]dist[\\/]cli\.mjs)$/

/** The flags that run a program from the command line. */
const EVAL = /^(-e|-p|-pe|--eval|--print)(=|$)/

// Not by `import`, which costs milliseconds: see client.ts.
const { isMainThread } = process.getBuiltinModule('node:worker_threads')

/** The events that each kind of extension registers for. Lambda refuses `SHUTDOWN` to internal ones; SIGTERM comes without. */
export const EVENTS = { invoke: ['INVOKE'], shutdown: [] } as const

/**
 * The address to register at; `undefined` where this isolate does not register.
 *
 * Silent where there is no Lambda: the same code runs in tests and on developers' machines. Managed Instances refuse
 * internal extensions and never freeze. For a worker thread, or a second import, the main thread or the first import registers.
 *
 * In images that are not based on AWS's, the `npx` that starts `aws-lambda-ric` gets the same `NODE_OPTIONS` as the function, and
 * runs before it. If `npx` registered, Lambda would refuse the function, because a name is given once, and would wait for `npx`.
 * The same goes for the `node -p` of a script that runs before the function. Other scripts cannot be told from the function,
 * which may be anything that speaks to the Runtime API.
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

/** Registers and starts the loop. Resolves when wraps can see the outcome. Never rejects. */
export async function registerOnce(events: Extension['events']): Promise<void> {
  const api = address()
  if (api) shared.registration = registering(api, events)
  await shared.registration
}

/** The key by which OpenTelemetry's API keeps what has been registered with it, for all its copies. */
const API = Symbol.for('opentelemetry.js.api.1')
/** The key by which OpenTelemetry's `suppressTracing` marks a context, as its `createContextKey` makes it. */
const SUPPRESSED = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

async function registering(api: string, events: Extension['events']): Promise<void> {
  try {
    keepQuiet()
  } catch {
    // Then the requests are traced.
  }
  const wait: { over?: () => void } = {}
  // A late answer still counts: Lambda waits for every extension it has registered.
  const registration = register(api, EVENTS[events], wait).then((identifier) => start(api, identifier, events), failed)
  if (await by(registration, Date.now() + REGISTER_TIMEOUT_MS)) return
  wait.over?.()
  failed(new Error(`registration was not answered within ${REGISTER_TIMEOUT_MS} ms`))
}

/**
 * Keeps requests from being traced by an SDK that was loaded before and has registered a context manager. Does without
 * OpenTelemetry's package, which would slow down each cold start; and in a bundle, an `import` that is awaited here may wait for
 * this very module.
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
  if (events === 'invoke') watchRequests(loop)
  delete shared.failure
  // Not before the function's modules have been loaded, as far as that takes one turn: if an SDK is set up while a request is
  // under way, the request cannot be kept from its tracing.
  setImmediate(() => void loop.run())
}

/** Keeps the reason, so that the first wrapped invocation can report it. */
export function failed(thrown: unknown): void {
  shared.failure ??= thrown instanceof Error ? thrown.message : String(thrown)
}
