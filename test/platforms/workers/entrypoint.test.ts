/** `WorkerEntrypoint` classes on real workerd: RPC, and requests through a service binding. */
import { describe, expect, test } from 'vitest'
import { call, withClasses } from '../../support/worker-classes.ts'
import { corners, crossed, names } from '../../support/workers.ts'

describe.each(corners)('on $title', (runtime) => {
  const { startWorker } = runtime
  const start = () => startWorker('classes-wrapped.mjs', withClasses(runtime))

  test('a method that is called by RPC is an invocation; the methods that it calls itself are not', async () => {
    await using worker = await start()
    expect(await call(worker, 'total')).toEqual([20, 20])
    const [report] = await worker.reported(1)
    expect(report).toMatchObject({ outcome: 'delivered', phase: 'after-response', spans: { acknowledged: 1 } })
    expect(worker.collector.spans).toMatchObject([
      {
        name: 'Orders/total',
        kind: 'server',
        attributes: {
          'rpc.system.name': 'cloudflare_rpc',
          'rpc.method': 'Orders/total',
          'faas.trigger': 'other',
          'faas.coldstart': true,
          'cloudflare.entrypoint': 'Orders',
        },
      },
    ])
    expect(crossed(worker.logs())).toEqual([])
  })

  test('a caller cannot tell a wrapped class from the original', async () => {
    await using bare = await startWorker('classes-bare.mjs', withClasses(runtime))
    await using worker = await start()
    const calls = ['taxed', 'tax', 'fail', 'own', 'missing', 'inherited', 'silent', 'cart', 'adder', 'text', 'forwarded', 'level', 'fetch']
    for (const name of calls) expect(await call(worker, name), name).toEqual(await call(bare, name))
    // One span for each call that reached a method, and one for each call of one entrypoint to another.
    await worker.collector.waitFor(({ spans }) => spans.length === 10)
    expect(names(worker.collector.spans).toSorted()).toEqual(
      ['GET', ...['adder', 'cart', 'fail', 'forwarded', 'taxed', 'taxed', 'taxed', 'text'].map((method) => `Orders/${method}`), 'Silent/ping'],
    )
  })

  test('a method with the name of an event is still an RPC method if it is not called with an event', async () => {
    await using bare = await startWorker('classes-bare.mjs', withClasses(runtime))
    await using worker = await start()
    for (const name of ['jobs', 'stub']) expect(await call(worker, name), name).toEqual(await call(bare, name))
    await worker.collector.waitFor(({ spans }) => spans.length === 8)
    const methods = ['email', 'email', 'queue', 'scheduled', 'tail', 'tailStream', 'trace'].map((method) => `Jobs/${method}`)
    const roots = worker.collector.spans.filter(({ name }) => name !== 'store')
    expect(roots.map(({ attributes }) => attributes['rpc.method']).toSorted()).toEqual(methods)
    expect(new Set(roots.map(({ kind, attributes }) => `${kind} ${attributes['faas.trigger']}`))).toEqual(new Set(['server other']))
    const [root, below] = ['Jobs/queue', 'store'].map((name) => worker.collector.spans.find((span) => span.name === name))
    expect(below?.traceId).toBe(root?.traceId)
    expect(worker.logs()).not.toMatch(/flushed:/)
  })

  test('an error reaches the caller unchanged, and the span has it', async () => {
    await using worker = await start()
    expect(await call(worker, 'fail')).toBe('RangeError: no order 7')
    await worker.collector.waitFor(({ spans }) => spans.length === 1)
    expect(worker.collector.spans).toMatchObject([
      { name: 'Orders/fail', status: { code: 'error', message: 'no order 7' }, attributes: { 'error.type': 'RangeError' } },
    ])
  })

  test('the spans of work that a method leaves to `waitUntil` are sent when the work is over', async () => {
    await using worker = await start()
    expect(await call(worker, 'later')).toBe('now')
    await worker.collector.waitFor(({ spans }) => spans.length === 2)
    expect(names(worker.collector.spans)).toEqual(['Orders/later', 'audit'])
  })

  test('a request through a service binding continues the trace of its caller', async () => {
    await using worker = await start()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    expect(await call(worker, 'fetch', { headers: { traceparent } })).toBe('orders /call/fetch')
    await worker.collector.waitFor(({ spans }) => spans.length === 1)
    expect(worker.collector.spans).toMatchObject([
      {
        name: 'GET',
        traceId: '0af7651916cd43dd8448eb211c80319c',
        parentSpanId: 'b7ad6b7169203331',
        attributes: { 'http.response.status_code': 200, 'cloudflare.entrypoint': 'Orders' },
      },
    ])
  })
})
