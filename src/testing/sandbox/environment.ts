/**
 * One execution environment: a process, the two APIs it talks to, and the rules of when it runs, freezes and dies. An
 * environment that has ended is never revived; the sandbox makes another.
 *
 * @module
 */
import { existsSync, statSync } from 'node:fs'
import { listen, patientServer, stop } from '../http.ts'
import { wallNow } from '../wall-clock.ts'
import { Child } from './child.ts'
import type { Exit } from './child.ts'
import { ExtensionsApi } from './extensions-api.ts'
import type { Invocation } from './invocation.ts'
import type { Journal } from './journal.ts'
import { RuntimeApi } from './runtime-api.ts'
import type { LambdaError, LambdaOptions, RuntimeCommand } from './types.ts'
import { variables } from './variables.ts'
import type { Settings } from './variables.ts'

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} seconds`

function exitMessage({ code, signal, notStarted }: Exit): string {
  if (notStarted !== undefined) return `Runtime could not be started: ${notStarted}`
  if (signal !== null) return `Runtime exited with error: signal: ${signal}`
  return code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`
}

const exitError = (exit: Exit): LambdaError => ({ errorType: 'Runtime.ExitError', errorMessage: exitMessage(exit) })

/** Why there can be no process in this folder: `spawn` would report that the command does not exist. */
const noFolder = (path: string): string | undefined =>
  existsSync(path) && statSync(path).isDirectory() ? undefined : `the task root ${path} is no folder`

/** An execution environment, from `spawn` to `exit`. */
export class Environment {
  /** Resolves when init is over: with its error, if it failed. */
  readonly initialized: Promise<LambdaError | undefined>
  readonly #settings: Settings
  readonly #options: LambdaOptions
  readonly #journal: Journal
  readonly #runtime: RuntimeApi
  readonly #extensions: ExtensionsApi
  readonly #server = patientServer((request, response) => {
    const api = request.url?.startsWith('/2020-01-01/extension/') ? this.#extensions : this.#runtime
    // A client that dies in the middle of a request is dealt with when its process is seen to exit.
    api.handle(request, response).catch(() => request.destroy())
  })
  readonly #underWay = new Map<string, Invocation>()
  #phase: 'init' | 'busy' | 'idle' = 'init'
  #spawnedAt = 0
  #listening: Promise<number> | undefined
  #port: number | undefined
  #child: Child | undefined
  #timer: NodeJS.Timeout | undefined
  #initError: LambdaError | undefined
  #ending: Promise<void> | undefined
  #initOver!: (error: LambdaError | undefined) => void

  constructor(settings: Settings, options: LambdaOptions, journal: Journal) {
    this.#settings = settings
    this.#options = options
    this.#journal = journal
    this.#runtime = new RuntimeApi(this, journal)
    this.#extensions = new ExtensionsApi(this, journal, settings, options.extensions)
    this.initialized = new Promise((resolve) => (this.#initOver = resolve))
  }

  get alive(): boolean {
    return this.#child?.running ?? false
  }
  get pid(): number | undefined {
    return this.alive ? this.#child?.pid : undefined
  }
  get port(): number | undefined {
    return this.alive ? this.#port : undefined
  }
  get concurrent(): boolean {
    return this.#settings.concurrency !== undefined
  }
  find(requestId: string): Invocation | undefined {
    const invocation = this.#underWay.get(requestId)
    // A process that is ended because of a timeout may still answer in its grace period. Nobody waits for that any more.
    return invocation?.timedOut ? undefined : invocation
  }
  processState(): string {
    return this.#child?.state() ?? 'X'
  }

  /** Starts the process. Resolves when init is over, or when it will not begin because the environment has been ended before. */
  async start(runtime: RuntimeCommand): Promise<LambdaError | undefined> {
    const { taskRoot } = this.#settings
    const notStarted = noFolder(taskRoot)
    if (notStarted !== undefined) return exitError({ code: null, signal: null, notStarted })
    this.#listening = listen(this.#server, 0)
    this.#port = await this.#listening
    if (this.#ending !== undefined) return undefined
    this.#spawnedAt = wallNow()
    const env = variables(this.#settings, this.#port, this.#options.env ?? {})
    const child = (this.#child = new Child(runtime, taskRoot, env, this.#journal))
    child.exited.then((exit) => this.#exited(exit, child.read))
    this.#timer = setTimeout(() => this.#initTimedOut(), this.#settings.initTimeoutMs)
    return this.initialized
  }

  /** Thaws the process and hands it the invocation. */
  run(invocation: Invocation): void {
    const { requestId } = invocation
    const { timeoutMs } = this.#settings
    this.#underWay.set(requestId, invocation)
    invocation.timer = setTimeout(() => this.#timedOut(invocation), timeoutMs)
    if (!this.concurrent) {
      this.#phase = 'busy'
      this.#journal.emit('thaw', { requestId, at: this.#journal.note('thaw', { requestId }) })
      this.#child?.signal('SIGCONT')
    }
    invocation.start(timeoutMs)
    this.#runtime.deliver(invocation)
    this.#extensions.deliver(invocation)
  }

  runtimeWaits(): void {
    this.#extensions.open = false
    this.#restIfDone()
  }

  // The client asks for the next invocation without waiting for the answer to a response that it failed half-way, so this call
  // may come after that request.
  runtimeResponded(invocation: Invocation): void {
    if (this.concurrent) this.#release(invocation)
    else this.#restIfDone()
  }

  extensionWaits(): void {
    this.#restIfDone()
  }

  initFailed(error: LambdaError): void {
    if (this.#phase !== 'init') return
    this.#initError ??= error
    void this.end()
  }

  /** Ends the process: `gently`, with a SIGTERM first if an extension is registered, or at once. */
  end(gently = true): Promise<void> {
    // A call that is not gentle cuts the grace period short; any other waits for the end that is under way.
    if (!gently || this.#ending === undefined) this.#ending = this.#end(gently)
    return this.#ending
  }

  #stopTimers(): void {
    clearTimeout(this.#timer)
    for (const { timer } of this.#underWay.values()) clearTimeout(timer)
  }

  async #end(gently: boolean): Promise<void> {
    this.#stopTimers()
    await this.#child?.end(gently && this.#extensions.registered, this.#settings.graceMs)
    // A server that is stopped before it listens never does, and waiting for it would never end.
    await this.#listening?.catch(() => undefined)
    await stop(this.#server)
  }

  #restIfDone(): void {
    // A process that is being ended is not stopped: it could not use its grace, and the next invocation would find it alive.
    if (this.#ending !== undefined) return
    if (this.#phase === 'idle' || !this.#runtime.waiting || this.#child === undefined) return
    const [invocation] = this.#underWay.values()
    if (invocation?.responded === false) return
    if (this.#extensions.missing(this.#phase === 'init' ? 'init' : 'invoke').length > 0) return
    clearTimeout(this.#timer)
    if (this.concurrent) {
      this.#phase = 'idle'
      this.#initOver(undefined)
    } else this.#freeze(this.#child, invocation)
  }

  #freeze(child: Child, invocation: Invocation | undefined): void {
    clearTimeout(invocation?.timer)
    child.signal('SIGSTOP')
    const facts = invocation === undefined ? {} : { requestId: invocation.requestId }
    const at = this.#journal.note('freeze', facts)
    const afterMs = invocation?.elapsed(at) ?? at - this.#spawnedAt
    this.#phase = 'idle'
    this.#underWay.clear()
    this.#journal.emit('freeze', { ...facts, at, afterMs })
    void child.confirmStopped().then((processState) => {
      invocation?.rest({ ...facts, at, afterMs, outcome: processState === 'X' ? 'exited' : 'frozen', processState })
      this.#initOver(undefined)
    })
  }

  /** One of many invocations is over, and the process goes on. */
  #release(invocation: Invocation, failure?: LambdaError): void {
    clearTimeout(invocation.timer)
    this.#underWay.delete(invocation.requestId)
    const [{ requestId }, at] = [invocation, wallNow()]
    invocation.rest(
      { requestId, at, afterMs: invocation.elapsed(at), outcome: 'running', processState: this.processState() },
      failure,
    )
  }

  #initTimedOut(): void {
    const missing = this.#runtime.waiting ? this.#extensions.missing('init') : ['the runtime']
    const errorMessage = `Init timed out after ${seconds(this.#settings.initTimeoutMs)}; no next from ${missing.join(', ')}`
    this.#initError ??= { errorType: 'Sandbox.Timedout', errorMessage }
    this.#journal.note('timeout', { detail: 'init' })
    void this.end()
  }

  #timedOut(invocation: Invocation): void {
    invocation.timedOut = true
    this.#journal.note('timeout', { requestId: invocation.requestId })
    if (this.concurrent) this.#release(invocation, this.#timeout(invocation))
    else void this.end()
  }

  #timeout({ requestId }: Invocation): LambdaError {
    const errorMessage = `${requestId} Task timed out after ${seconds(this.#settings.timeoutMs)}`
    return { errorType: 'Sandbox.Timedout', errorMessage }
  }

  async #exited(exit: Exit, read: Promise<void>): Promise<void> {
    const at = wallNow()
    this.#stopTimers()
    await read
    const error = exitError(exit)
    if (this.#phase === 'init') this.#initOver(this.#initError ?? error)
    this.#phase = 'idle'
    for (const invocation of this.#underWay.values()) {
      const { requestId, timedOut } = invocation
      invocation.rest(
        { requestId, at, afterMs: invocation.elapsed(at), outcome: 'exited', processState: 'X' },
        timedOut ? this.#timeout(invocation) : { ...error, errorMessage: `RequestId: ${requestId} Error: ${error.errorMessage}` },
      )
    }
    this.#underWay.clear()
    void stop(this.#server)
  }
}
