/**
 * One variant in an isolate of its own, with a collector of its own.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { type Behaviors, type Collector, startCollector } from 'flushed/testing'
import { DemoError } from '../errors.ts'
import type { Run } from '../runs.ts'
import type { Host, Isolate } from './host.ts'
import { type VariantId, titles } from './variants.ts'

const now = () => performance.timeOrigin + performance.now()

/** The order that all variants take. */
export const order = { customer: 'known-4711', lines: [{ sku: 'mug', quantity: 1 }, { sku: 'teapot', quantity: 2 }] }

type PendingRun = Omit<Run, 'acknowledged'> & { readonly kept: Promise<Run['acknowledged']> | undefined }

export class Deployment<Id extends VariantId = VariantId> {
  readonly id: Id
  readonly collector: Collector
  readonly #host: Host
  readonly #isolate: Isolate
  #ended: Promise<void> | undefined

  private constructor(id: Id, collector: Collector, host: Host, isolate: Isolate) {
    this.id = id
    this.collector = collector
    this.#host = host
    this.#isolate = isolate
  }

  /** @param owner closes it */
  static async start<Id extends VariantId>(
    id: Id,
    host: Host,
    shop: string,
    owner: AsyncDisposableStack,
    behavior: Behaviors,
  ): Promise<Deployment<Id>> {
    const collector = owner.use(await startCollector({ behavior }))
    const deployment = new Deployment(id, collector, host, await host.start(id, { collector: collector.url, shop }))
    owner.defer(() => deployment.end())
    return deployment
  }

  /** One request, up to the last byte of its response. */
  async request(): Promise<PendingRun> {
    const requestId = randomUUID()
    const headers = { 'content-type': 'application/json', [this.#host.idHeader]: requestId }
    const startedAt = now()
    const { response, kept } = await this.#isolate.request({ method: 'POST', headers, body: JSON.stringify(order) })
    const body = await response.text()
    const responseMs = now() - startedAt
    if (response.status !== 201) {
      throw new DemoError(`${this.#host.title}, ${titles[this.id]}: ${response.status} ${body}`, this.#isolate.logs())
    }
    return { requestId, error: undefined, startedAt, responseMs, kept: kept?.then(() => this.collector.acknowledged()) }
  }

  /** What became of requests, now that nothing keeps them any more. */
  settle(runs: readonly PendingRun[]): Promise<Run[]> {
    const end = this.collector.acknowledged()
    return Promise.all(runs.map(async ({ kept, ...run }) => ({ ...run, acknowledged: (await kept) ?? end })))
  }

  /** Ends the isolate. Safe to call twice. */
  end(): Promise<void> {
    return (this.#ended ??= this.#isolate.end())
  }

  get log(): string | undefined {
    const line = this.#isolate.logs().find((each) => each.includes('flushed:'))
    return line?.slice(line.indexOf('flushed:'))
  }
}
