/** `openInvocation` on real workerd: each binary, at the oldest and the newest compatibility date, with and without Node's APIs. */
import { describe, expect, test } from 'vitest'
import { crossed, names, runtimes } from '../../support/workers.ts'

describe.each(runtimes)('on $title', ({ startWorker }) => {
  test('the spans of an opened invocation are acknowledged when its scope has been left, with others beside it', async () => {
    await using worker = await startWorker('opened.mjs')
    for (let round = 1; round <= 3; round++) {
      await Promise.all(Array.from({ length: 4 }, () => worker.fetch('/')))
      expect(worker.collector.spans).toHaveLength(12 * round)
    }
    expect(new Set(names(worker.collector.spans))).toEqual(new Set(['receive', 'left open', 'poll']))
    expect(new Set(worker.collector.spans.map(({ traceId }) => traceId)).size).toBe(12)
    expect(crossed(worker.logs())).toEqual([])
  })
})
