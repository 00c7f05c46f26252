/** Flushes that the platform has killed with their request, as Cloudflare does 30 seconds after the response. On a fake platform. */
import { sdkVersion } from '#sdk'
import { fakeClock, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate } from '../support/sdk.ts'
import { setup } from './requests-apart.ts'

let clock = fakeClock()
const newClock = () => useClock((clock = fakeClock()))
beforeEach(() => {
  newIsolate()
  newClock()
})

/** Kills all requests: their timers never ring. @param ms milliseconds that pass. By default, nothing can be heard of them then */
async function kill(ms = 30_001): Promise<void> {
  newClock()
  await clock.advance(ms)
}

describe(`with SDK ${sdkVersion}, a flush that was killed with its request`, () => {
  test('has its spans sent again, once it has to be dead', async () => {
    const { exporter, reports, request } = setup()
    void request().end()
    await kill(30_000)
    exporter.setMode('sync')
    await request().end()
    expect(reports).toMatchObject([{ spans: { acknowledged: 1 } }])
    await clock.advance(1)
    await request().end()
    await request().end()
    expect(reports.map(({ spans }) => spans)).toMatchObject([1, 2, 1].map((acknowledged) => ({ acknowledged, pending: 0 })))
  })

  test('has those sent as well that had no room at the exporter', async () => {
    const { exporter, reports, request } = setup()
    for (let n = 0; n < 25; n++) void request().end()
    await kill()
    exporter.setMode('sync')
    for (let n = 0; n < 4; n++) await request().end()
    expect(new Set(exporter.spans.map((span) => span.spanContext().spanId)).size).toBe(29)
    expect(reports.reduce((sum, { spans }) => sum + spans.acknowledged, 0)).toBe(29)
  })

  test('after its export was answered, in the exporter’s own `forceFlush`, has that in the next report', async () => {
    const { exporter, reports, request } = setup({}, 'sync')
    const forceFlush = vi.spyOn(exporter, 'forceFlush').mockImplementation(() => new Promise(() => {}))
    void request().end()
    await kill()
    forceFlush.mockRestore()
    await request().end()
    expect(reports).toMatchObject([{ spans: { acknowledged: 2 } }])
  })

  test('is not a flush that has just begun, however long its request has had exports that hang', async () => {
    const { exporter, record, reports, request, sent } = setup({ maxBufferSize: 2 })
    const living = request()
    living.run(() => record('a', 'b'))
    await clock.advance(30_001)
    const end = living.end()
    await clock.advance(10)
    exporter.setMode('sync')
    await request().end()
    expect(sent()).toEqual([['a', 'b'], ['root'], ['root']])
    exporter.acknowledge()
    await end
    expect(reports.map(({ spans }) => spans.acknowledged)).toEqual([1, 3])
  })
})
