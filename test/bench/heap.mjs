/**
 * Measures whether the heap stays flat. Run directly, it measures one contestant, in a process that can call the garbage collector:
 * `node --expose-gc test/bench/heap.mjs flushed`.
 */
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { make } from './contestant.mjs'
import { eventWith, lambdaContext } from './events.mjs'

/**
 * @typedef {object} Growth
 * @property {string} contestant
 * @property {number} invocations
 * @property {number} beforeBytes
 * @property {number} afterBytes
 * @property {number} perInvocation bytes by which the heap has grown for each invocation
 */

const INVOCATIONS = 200_000

/** @returns {Promise<Growth>} */
async function measure(contestant, total) {
  const handler = await make(contestant, 'noop', '')
  const event = eventWith(5)
  const run = async (invocations) => {
    for (let i = 0; i < invocations; i++) {
      await handler(event, lambdaContext())
      if (i % 100 === 0) await setImmediate()
    }
    return collected()
  }
  const beforeBytes = await run(total / 10)
  const afterBytes = await run(total)
  const perInvocation = (afterBytes - beforeBytes) / total
  return { contestant, invocations: total, beforeBytes, afterBytes, perInvocation }
}

/** The size of the heap once nothing more can be collected. Objects that only finalizers hold take several rounds. */
async function collected() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.()
    await setImmediate()
  }
  return process.memoryUsage().heapUsed
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!globalThis.gc) throw new Error('run this with --expose-gc')
  const growth = await measure(process.argv[2] ?? 'flushed', Number(process.argv[3] ?? INVOCATIONS))
  if (process.send) process.send(growth, () => process.disconnect())
  else console.log(growth)
}
