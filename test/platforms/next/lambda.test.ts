/** Next on AWS Lambda, by an adapter that answers when all that `after()` waits for is over, as OpenNext's does: a fake `after()`. */
import { withTelemetry } from 'flushed/next'
import { afterEach, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'

const { tasks } = vi.hoisted(() => ({ tasks: [] as (PromiseLike<unknown> | (() => unknown))[] }))
vi.mock('next/server.js', () => ({ after: (task: (typeof tasks)[number]) => void tasks.push(task) }))

afterEach(() => vi.unstubAllEnvs())

/** Answers a request, and resolves when all that `after()` waits for is over. @returns whether that was within two seconds */
async function answered(GET: (request: Request) => Promise<Response>): Promise<boolean> {
  tasks.length = 0
  const response = await GET(new Request('https://shop.example/orders'))
  await response.text()
  const over = Promise.all(tasks.map((task) => (typeof task === 'function' ? task() : task))).then(() => true)
  return Promise.race([over, new Promise<boolean>((resolve) => setTimeout(resolve, 2000, false))])
}

test.each([['AWS Lambda', 'shop', true], ['another platform', '', false]])('on %s, `after()` waits for a backend that hangs no longer than for the flush: %#', async (_where, name, inTime) => {
  newIsolate()
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', name)
  const { telemetry, exporter } = pipeline({}, 'hold')
  const outcomes: string[] = []
  const GET = withTelemetry(async (_request: Request) => Response.json({}), { telemetry, timeoutMs: 50, logger: false, onFlush: ({ outcome }) => outcomes.push(outcome) })
  expect(await answered(GET)).toBe(inTime)
  expect(outcomes).toEqual(['timed_out'])
  // Its answer still counts, and its spans are not sent again.
  exporter.acknowledge()
  const next = answered(GET)
  await exporter.nextExport()
  exporter.acknowledge()
  await next
  expect(outcomes).toEqual(['timed_out', 'delivered'])
  expect(exporter.spans).toHaveLength(2)
})
