/** Servers in real processes that are told to end, where a library listens to signals, too. They end as without `flushed`. */
import { startCollector } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { answered, startServer } from './process.ts'

describe.concurrent('with one request answered', () => {
  test.each([
    ['signal-exit', 'SIGTERM'],
    ['signal-exit', 'SIGINT'],
    ['signal-exit3', 'SIGTERM'],
    ['signal-exit3', 'SIGINT'],
  ] as const)('and %s, whose hooks run only if nobody else listens, %s ends the process after its last flush and these hooks', async (onSignal, signal) => {
    await using collector = await startCollector({ behavior: { delayMs: 200 } })
    using app = await startServer('node', collector, { onSignal })
    await answered(app.url('/orders/1'))
    app.child.kill(signal)
    expect(await app.exited).toBe(signal)
    expect(app.log()).toBe('exit hook\n')
    expect(collector.spans).toHaveLength(2)
  })

  test('a signal that a library sends once more, when it has closed the server, ends the process after its last flush', async () => {
    await using collector = await startCollector({ behavior: { delayMs: 200 } })
    using app = await startServer('node', collector, { onSignal: 'again' })
    await answered(app.url('/orders/1'))
    app.child.kill('SIGTERM')
    expect(await app.exited).toBe('SIGTERM')
    expect(collector.spans).toHaveLength(2)
  })
})
