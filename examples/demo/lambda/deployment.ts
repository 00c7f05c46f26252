/**
 * One function in a sandbox of its own, with a collector of its own.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { startCollector, startLambda } from 'flushed/testing'
import type { Behaviors, CollectedSpan, Collector, RuntimeCommand } from 'flushed/testing'
import type { FreezeRecord, LambdaResult, LambdaSandbox } from 'flushed/testing'
import { DemoError } from '../errors.ts'
import type { Run } from '../runs.ts'
import { handlerOf } from './bundle.ts'
import { titles } from './functions.ts'
import type { FunctionId } from './functions.ts'

/** Milliseconds that the function may take. Lambda's default, 3 s, would end a `forceFlush()` on a hanging collector. */
const timeoutMs = 15_000

const fault = (id: FunctionId, message: string, { logs }: Pick<LambdaSandbox, 'logs'>) =>
  new DemoError(`${titles[id]}: ${message}`, logs.map(({ line }) => line))

export class Deployment<Id extends FunctionId = FunctionId> {
  readonly id: Id
  readonly collector: Collector
  readonly sandbox: LambdaSandbox
  readonly #atFreeze = new Map<string, readonly CollectedSpan[]>()

  private constructor(id: Id, collector: Collector, sandbox: LambdaSandbox) {
    this.id = id
    this.collector = collector
    this.sandbox = sandbox
    sandbox.on('freeze', ({ requestId }) => {
      if (requestId !== undefined) this.#atFreeze.set(requestId, collector.acknowledged())
    })
  }

  /** @param owner closes it */
  static async start<Id extends FunctionId>(
    id: Id,
    runtime: RuntimeCommand,
    owner: AsyncDisposableStack,
    behavior: Behaviors,
  ): Promise<Deployment<Id>> {
    const collector = owner.use(await startCollector({ behavior }))
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'orders' }
    const options = { handler: handlerOf(id), functionName: 'orders', timeoutMs, runtime, env }
    const sandbox = owner.use(await startLambda(options))
    if (sandbox.initError) throw fault(id, `init failed: ${sandbox.initError.errorMessage}`, sandbox)
    return new Deployment(id, collector, sandbox)
  }

  /** One request, up to the freeze. */
  async invoke(event: APIGatewayProxyEventV2): Promise<Run> {
    const requestId = randomUUID()
    const result = await this.sandbox.invoke(event, { requestId })
    const frozen = await result.frozen
    this.#mustBeSound(result, frozen)
    return {
      requestId,
      error: result.error?.errorMessage,
      startedAt: frozen.at - frozen.afterMs,
      responseMs: result.responseMs,
      frozenAt: frozen.at,
      acknowledged: this.#atFreeze.get(requestId) ?? [],
    }
  }

  // A request that fails after `forceFlush()` is a result of the demo. A request that never ran is a fault of the demo.
  #mustBeSound({ timedOut, error }: LambdaResult, { outcome }: FreezeRecord): void {
    if (timedOut || outcome !== 'frozen') {
      throw fault(this.id, error?.errorMessage ?? 'the sandbox did not survive the request', this.sandbox)
    }
  }
}
