/**
 * The process of one contestant. It waits for orders, and measures only when told to, so that all contestants may be alive while one
 * of them has its turn.
 */
import { setImmediate } from 'node:timers/promises'
import { make } from './contestant.mjs'
import { eventWith, lambdaContext } from './events.mjs'
import { exported } from './exported.mjs'

/**
 * @typedef {object} Turn the results of one turn
 * @property {number} invocations
 * @property {number} us microseconds that an invocation took
 * @property {number} cpuUs microseconds of CPU time, in all threads, that an invocation took
 * @property {number} spans spans that an invocation has exported to the no-op exporter
 */

const [name, mode, url] = process.argv.slice(2)
const handler = await make(name, mode, url)

/**
 * @param {object} event
 * @param {number} invocations
 * @returns {Promise<number>} milliseconds
 */
async function run(event, invocations) {
  const start = performance.now()
  for (let i = 0; i < invocations; i++) await handler(event, lambdaContext())
  const took = performance.now() - start
  // Not measured: a turn of the event loop, which pure microtasks would never let happen.
  await setImmediate()
  return took
}

/**
 * Runs for about `ms` milliseconds, in batches of about one millisecond.
 *
 * @returns {Promise<Turn>}
 */
async function turn(children, ms) {
  const event = eventWith(children)
  exported.spans = 0
  const cpu = process.cpuUsage()
  let took = 0
  let invocations = 0
  for (let batch = 1; took < ms; batch = Math.max(1, Math.round(invocations / took))) {
    took += await run(event, batch)
    invocations += batch
  }
  const { user, system } = process.cpuUsage(cpu)
  return {
    invocations,
    us: (took / invocations) * 1000,
    cpuUs: (user + system) / invocations,
    spans: exported.spans / invocations,
  }
}

process.on('message', async ({ children, ms }) => process.send?.(await turn(children, ms)))
process.on('disconnect', () => process.exit())
process.send?.('ready')
