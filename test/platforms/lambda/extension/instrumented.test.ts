/** The extension's own requests, in a function whose node:http is instrumented: on the real runtime clients. */
import { describe, expect, test } from 'vitest'
import { rootOf, runtimes } from '../../../support/lambda.ts'

describe.each(runtimes)('on $title', ({ startFunction }) => {
  test('the function’s requests are traced, the extension’s are not', async () => {
    await using lambda = await startFunction('instrumented.handler')
    for (let id = 0; id < 4; id++) {
      const { freeze } = await lambda.invoke({ url: lambda.collector.url })
      expect(freeze.spans.map(({ name }) => name)).toEqual(['patched', 'subscribed', 'flushed-test'])
      expect(new Set(freeze.spans.map(({ traceId }) => traceId)).size).toBe(1)
      expect(rootOf(freeze.spans)).toBeDefined()
    }
    expect(lambda.logs()).toContain('patched http')
    expect(lambda.logs()).not.toContain('event/next')
    await lambda.invoke()
    expect(lambda.collector.received).toHaveLength(13)
  })

  test('an instrumentation that a layer loads traces none of the extension’s requests, not even registration', async () => {
    const preloaded = new URL('../../../guarantees/functions/preloaded.mjs', import.meta.url)
    await using lambda = await startFunction('registered.handler', { env: { NODE_OPTIONS: `--import ${preloaded}` } })
    await lambda.invoke()
    await lambda.invoke()
    const requests = lambda.sandbox.logs.flatMap(({ line }) => /\b(?:un)?traced .*$/.exec(line) ?? [])
    expect(requests).toContainEqual(expect.stringMatching(/^untraced .*extension.register$/))
    expect(requests).toContainEqual(expect.stringMatching(/^untraced .*event.next$/))
    expect(requests.filter((line) => line.startsWith('traced'))).toEqual([])
  })
})
