/**
 * G2 Delivered is acknowledged, after the response and before the freeze, for as long as a sandbox stays warm: with each
 * way to register and each kind of response, on the real runtime clients.
 */
import { describe, expect, test } from 'vitest'
import { expectSerial, forms, median } from '../../support/extension.ts'
import { rootOf, runtimes } from '../../support/lambda.ts'

const INVOCATIONS = 200
const SLOW = { delayMs: 300 }

const kinds = [
  ['buffered', 'handler', (id: number) => ({ id })],
  ['streaming', 'streams', (id: number) => `order ${id}`],
] as const
const onEach = runtimes.flatMap((client) => kinds.map(([kind, handler, response]) => ({ ...client, kind, handler, response })))

// All tests run at once: they spend nearly all of their time waiting for the collector. In each, two sandboxes take turns,
// so that whatever else the machine does slows down both.
describe.each(onEach)(
  `on $title, $kind, a collector that takes ${SLOW.delayMs} ms, ${INVOCATIONS} invocations back to back`,
  { concurrent: true, timeout: 180_000, retry: 1 },
  ({ startFunction, handler, response }) => {
    test.for(forms)('registered by %s: adds at most 2 ms (median) to the response, with every span delivered at the freeze', async ([, module, env], { task }) => {
      await using bare = await startFunction(`bare.${handler}`)
      await using lambda = await startFunction(`${module}.${handler}`, { behavior: SLOW, env })
      const took = { bare: [] as number[], wrapped: [] as number[] }
      for (let id = 0; id < INVOCATIONS; id++) {
        took.bare.push((await bare.invoke({ id })).result.responseMs)
        const { result, freeze } = await lambda.invoke({ id })
        took.wrapped.push(result.responseMs)
        expect(result.payload).toEqual(response(id))
        expect(freeze.spans.map(({ name }) => name)).toEqual(['child', 'flushed-test'])
        expect(rootOf(freeze.spans)?.attributes['faas.invocation_id']).toBe(result.requestId)
        expect(freeze.requests).toBe(1)
      }
      expectSerial(lambda)
      expect(lambda.collector.received).toHaveLength(2 * INVOCATIONS)
      // Compared pair by pair: other work on the machine slows down some invocations and not others, but both of a pair.
      const addedMs = median(took.wrapped.map((ms, id) => ms - (took.bare[id] ?? Number.NaN)))
      if (process.env['FLUSHED_FIGURES']) console.log(task.fullTestName, median(took.bare), median(took.wrapped), addedMs)
      expect(addedMs).toBeLessThanOrEqual(2)
    })
  },
)
