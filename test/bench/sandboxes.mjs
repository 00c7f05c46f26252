/** Runs each contestant's function on the real runtime client, in a sandbox that freezes, in front of a backend of its own. */
import { ensureRuntimeClient } from '../support/runtime-client.mjs'
import { Backend, startDatadogExtension } from './backend.mjs'
import { DEPLOYED } from './deployed.mjs'

// Longer than any exporter waits, as users set it who wait for exporters.
const TIMEOUT_MS = 15_000
// More than Lambda allows: some of these packages are large, and are read for the first time.
const INIT_TIMEOUT_MS = 30_000
// Sampled, for contestants that follow X-Ray's header.
const TRACE = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1'
const WARM_UPS = 3

let orders = 0

/** A running function. */
class Running {
  constructor(name, backend, sandbox) {
    this.name = name
    this.backend = backend
    this.sandbox = sandbox
  }

  /**
   * Makes one invocation, from the event to the freeze.
   *
   * @param {{ children: number, open?: number }} event
   * @returns {Promise<{ ms: number, ok: boolean, acknowledged: number }>} until the response, and how many of its child
   *   spans had been acknowledged when the process was stopped
   */
  async invoke(event) {
    const orderId = `order-${(orders += 1)}`
    let acknowledged = 0
    const off = this.sandbox.on('freeze', () => (acknowledged = this.backend.counts.orders.get(orderId) ?? 0))
    const result = await this.sandbox.invoke({ orderId, ...event }, { traceId: TRACE })
    await result.frozen
    off()
    return { ms: result.responseMs, ok: result.ok, acknowledged }
  }

  async close() {
    await this.sandbox[Symbol.asyncDispose]()
    await this.backend.close()
  }
}

async function start(name, runtime) {
  // Imported here, because it is built by now, and is not when this file is loaded.
  const { startLambda } = await import('../../dist/testing.js')
  const { handler, env } = DEPLOYED[name]
  const backend = await new Backend().start()
  const sandbox = await startLambda({ handler, runtime, env: env(backend), functionName: 'orders', timeoutMs: TIMEOUT_MS, initTimeoutMs: INIT_TIMEOUT_MS })
  if (sandbox.initError) throw new Error(`${name} did not start: ${sandbox.initError.errorMessage}`)
  const running = new Running(name, backend, sandbox)
  for (let i = 0; i < WARM_UPS; i++) await running.invoke({ children: 5 })
  return running
}

/**
 * Starts functions, warms them up, passes them to `measure`, and ends them.
 *
 * @template T
 * @param {string[]} names
 * @param {(functions: Running[]) => Promise<T>} measure
 * @returns {Promise<T>}
 */
export async function withFunctions(names, measure) {
  const runtime = await ensureRuntimeClient()
  const extension = names.includes('datadog') ? await startDatadogExtension() : undefined
  const functions = []
  try {
    for (const name of names) functions.push(await start(name, runtime))
    return await measure(functions)
  } finally {
    for (const running of functions) await running.close()
    extension?.closeAllConnections()
    extension?.close()
  }
}
