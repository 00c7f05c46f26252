/**
 * A Lambda function under test, in a sandbox that really freezes.
 *
 * @module
 */
import { defaultRuntime } from '../default-runtime.ts'
import { Environment } from './environment.ts'
import { Invocation } from './invocation.ts'
import { Journal } from './journal.ts'
import type { LogLine, SandboxEntry, SandboxEvents } from './journal-types.ts'
import { checkInvoke } from './options.ts'
import type { FreezeRecord, InvokeOptions, LambdaError, LambdaOptions, LambdaResult, LambdaSandbox } from './types.ts'
import { settings } from './variables.ts'
import type { Settings } from './variables.ts'

class Sandbox implements LambdaSandbox {
  readonly #settings: Settings
  readonly #options: LambdaOptions
  readonly #journal = new Journal()
  readonly #rests = new Map<string, Promise<FreezeRecord>>()
  #environment: Environment
  #initError: LambdaError | undefined
  #starting: Promise<void> | undefined
  readonly #queue: Invocation[] = []
  #running = 0
  #ended: Promise<void> | undefined

  constructor(options: LambdaOptions) {
    this.#settings = settings(options)
    this.#options = options
    this.#environment = this.#newEnvironment()
  }

  #newEnvironment(): Environment {
    return new Environment(this.#settings, this.#options, this.#journal)
  }

  async start(): Promise<void> {
    this.#initError = await this.#environment.start(this.#options.runtime ?? defaultRuntime())
  }

  get pid() {
    return this.#environment.pid
  }
  get port() {
    return this.#environment.port
  }
  get initError() {
    return this.#initError
  }
  get record(): readonly SandboxEntry[] {
    return this.#journal.entries
  }
  get logs(): readonly LogLine[] {
    return this.#journal.logs
  }
  processState(): string {
    return this.#environment.processState()
  }
  on<E extends keyof SandboxEvents>(event: E, listener: (detail: SandboxEvents[E]) => void): () => void {
    return this.#journal.on(event, listener)
  }

  async invoke(event: unknown, options: InvokeOptions = {}): Promise<LambdaResult> {
    this.#mustRun()
    checkInvoke(event, options)
    const invocation = new Invocation(event, options, this.#settings)
    this.#rests.set(invocation.requestId, invocation.frozen)
    this.#queue.push(invocation)
    this.#runNext()
    return invocation.result
  }

  #runNext(): void {
    if (this.#running >= (this.#settings.concurrency ?? 1)) return
    const invocation = this.#queue.shift()
    if (invocation === undefined) return
    this.#running += 1
    void this.#run(invocation)
      .catch((error: Error) => invocation.refuse(error))
      .then(() => invocation.frozen)
      .then(() => {
        this.#running -= 1
        this.#runNext()
      })
  }

  async frozen(requestId: string): Promise<FreezeRecord> {
    const rest = this.#rests.get(requestId)
    if (rest === undefined) throw new Error(`There is no invocation ${JSON.stringify(requestId)}`)
    return rest
  }

  shutdown(): Promise<void> {
    this.#ended ??= this.#environment.end()
    return this.#ended
  }
  [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= this.#environment.end(false)
    return this.#ended
  }

  async #startAnew(): Promise<void> {
    this.#environment = this.#newEnvironment()
    await this.start().finally(() => (this.#starting = undefined))
  }

  #mustRun(): void {
    if (this.#ended !== undefined) throw new Error('The sandbox has been shut down')
  }

  async #run(invocation: Invocation): Promise<void> {
    this.#mustRun()
    while (!this.#environment.alive && this.#initError === undefined) {
      await (this.#starting ??= this.#startAnew())
      this.#mustRun()
    }
    const initError = this.#initError
    if (initError === undefined) return this.#environment.run(invocation)
    // Reported once. The next invocation gets a new environment, as after a failed init in Lambda.
    this.#initError = undefined
    invocation.failInit(initError)
  }
}

/**
 * Starts a Lambda function in a sandbox of its own: a process that talks to a Runtime API and Extensions API on the
 * loopback interface and that is *really stopped* (SIGSTOP to its process group) when its runtime and every extension
 * have asked for the next event, and continued when there is one. What has not left the process by then stays in it, as
 * in Lambda.
 *
 * Resolves when init is over, successful or not (see {@link LambdaSandbox.initError}). The sandbox is then frozen, as an
 * environment is that waits for its first event.
 *
 * Works where POSIX signals do: Linux and macOS.
 *
 * @throws a `TypeError` that names the bad option and quotes its value.
 * @example
 * await using collector = await startCollector()
 * await using lambda = await startLambda({
 *   handler: '/app/dist/orders.handler',
 *   env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
 * })
 * const result = await lambda.invoke({ orderId: 1 })
 * await result.frozen
 * expect(collector.spans.map(({ name }) => name)).toContain('orders')
 */
export async function startLambda(options: LambdaOptions): Promise<LambdaSandbox> {
  const sandbox = new Sandbox(options)
  await sandbox.start()
  return sandbox
}
