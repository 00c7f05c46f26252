/** Specifies decorated classes on real workerd: what only its contexts, its RPC and its lack of AsyncLocalStorage can show. */
import { describe, expect, test } from 'vitest'
import { corners, crossed, names } from '../support/workers.ts'

describe.each(corners)('on $title', ({ startWorker, flags, compatibilityDate }) => {
  const start = () =>
    startWorker('decorators.mjs', {
      durableObjects: { ROOM: 'Room' },
      compatibilityFlags: compatibilityDate < '2024-09-26' ? ['rpc'] : [],
    })

  test('each method is an invocation of its own: its spans and background work are delivered in `waitUntil`', async () => {
    await using worker = await start()
    expect(await (await worker.fetch('/join/ada')).json()).toBe('ada')
    await worker.collector.waitFor(({ spans }) => spans.length === 5)
    expect(names(worker.collector.spans).toSorted()).toEqual(['Front.call', 'Front.fetch', 'Room.join', 'joining', 'remember'])
    expect(worker.collector.spans.some(({ attributes }) => 'flushed.unfinished' in attributes)).toBe(false)
    const reports = await worker.reported(2)
    expect(reports.filter(({ phase }) => phase === 'after-response').map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered'])
    const byName = (name: string) => worker.collector.spans.find((span) => span.name === name)
    if (flags !== 'none') expect(byName('Front.call')?.parentSpanId).toBe(byName('Front.fetch')?.spanId)
    expect(byName('joining')?.parentSpanId).toBe(byName('Room.join')?.spanId)
    expect(crossed(worker.logs())).toEqual([])
  })

  test('RPC arguments, results and errors pass through unchanged', async () => {
    await using worker = await start()
    expect(await (await worker.fetch('/greet/ada')).json()).toBe('hello ada')
    expect(await (await worker.fetch('/refuse/ada')).json()).toBe('RangeError: the room is closed')
    expect(await (await worker.fetch('/all')).json()).toEqual(['ada', 'ada'])
    await worker.collector.waitFor(({ spans }) => spans.filter(({ name }) => name === 'Front.fetch').length === 3)
    const calls = worker.collector.spans.filter(({ name }) => name === 'Front.call')
    expect(calls.map(({ status }) => status.code)).toEqual(['unset', 'error', 'unset'])
    expect(worker.collector.spans.some(({ attributes }) => 'flushed.unfinished' in attributes)).toBe(false)
    expect(crossed(worker.logs())).toEqual([])
  })
})
