/** How the type of an environment's initialisation decides `faas.coldstart`, on the real runtime clients. */
import { describe, expect, test } from 'vitest'
import { type Lambda, rootOf, runtimes } from '../../support/lambda.ts'
import { startProxy } from '../../support/proxy.ts'

const coldStarts = async (lambda: Lambda) => {
  const roots = []
  for (let id = 0; id < 3; id++) roots.push(rootOf((await lambda.invoke({ id })).freeze.spans))
  return roots.map((root) => root?.attributes['faas.coldstart'])
}

describe.each(runtimes)('on $title', ({ startFunction }) => {
  test.each([
    ['on-demand', [true, false, false]],
    ['provisioned-concurrency', [false, false, false]],
    ['snap-start', [true, false, false]],
  ])('with initialisation type %s, three invocations have `faas.coldstart` %j', async (type, expected) => {
    await using lambda = await startFunction('orders.handler', { env: { AWS_LAMBDA_INITIALIZATION_TYPE: type } })
    expect(await coldStarts(lambda)).toEqual(expected)
  })

  // A runtime client that knows of restores would ask for one. Neither of these does, and no Node.js runtime has SnapStart.
  test('the first invocation after a snapshot is cold, and its spans are delivered though connections are gone', async () => {
    await using proxy = await startProxy()
    await using lambda = await startFunction('connections.stock', {
      env: { AWS_LAMBDA_INITIALIZATION_TYPE: 'snap-start', OTEL_EXPORTER_OTLP_ENDPOINT: proxy.url },
      onCollector: ({ url }) => proxy.forward(url),
    })
    expect(lambda.collector.spans.map(({ name }) => name)).toEqual(['init'])
    proxy.lose('closed')
    await new Promise((stored) => setTimeout(stored, 150)) // real time has to pass here
    expect(await coldStarts(lambda)).toEqual([true, false, false])
    expect(lambda.freezes.map(({ spans }) => spans.length)).toEqual([2, 2, 2])
    expect(lambda.sandbox.record.filter(({ kind }) => kind === 'spawn')).toHaveLength(1)
    expect(lambda.logs()).not.toContain('flushed: ')
  })
})
