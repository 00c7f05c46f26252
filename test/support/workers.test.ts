import { describe, expect, test } from 'vitest'
import { names, runtimes } from './workers.ts'

describe.each(runtimes)('on $title', ({ startWorker }) => {
  test('a Worker answers, and reaches the collector', async () => {
    await using worker = await startWorker('otlp.mjs')
    expect(await (await worker.fetch()).text()).toBe('hello')
    await worker.collector.waitFor(({ spans }) => spans.length === 1)
    expect(names(worker.collector.spans)).toEqual(['one'])
    expect(worker.logs()).toBe('')
  })
})
