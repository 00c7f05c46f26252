/** A function's own tests may fake all timers: a wrapped handler still flushes and returns. */
import middy from '@middy/core'
import { withTelemetry } from 'flushed/lambda'
import { telemetry } from 'flushed/middy'
import { afterEach, expect, test, vi } from 'vitest'
import { pipeline } from '../../support/sdk.ts'

afterEach(() => void vi.useRealTimers())

/** What Jest fakes. Vitest leaves microtasks alone. */
const ALL = ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'queueMicrotask', 'performance', 'Date'] as const

type Made = ReturnType<typeof pipeline>['telemetry']
const handler = async () => new Date().getFullYear()

test.each([
  { what: 'a wrapped handler', year: 2030, wrap: (made: Made) => withTelemetry(handler, { telemetry: made }) },
  { what: 'a handler with the middy middleware', year: 2031, wrap: (made: Made) => middy().use(telemetry({ telemetry: made })).handler(handler) },
])('$what is flushed and returns while all timers are fake', async ({ year, wrap }) => {
  const { exporter, telemetry: made } = pipeline()
  const wrapped = wrap(made) as (event: object, context: object) => Promise<number>
  // After an idle time the sandbox may have been frozen: the flush then waits for some turns of the event loop first.
  vi.useFakeTimers({ now: new Date(year, 6), toFake: [...ALL] })
  expect(await wrapped({}, {})).toBe(year)
  expect(exporter.spans).toHaveLength(1)
}, 5000)
