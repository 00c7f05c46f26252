/** The events of an object of handlers on real workerd. For requests, see requests.test.ts. */
import { describe, expect, test } from 'vitest'
import { type StartedWorker, type WorkerSetup, corners, crossed } from '../../support/workers.ts'

const SENDER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const seen = (worker: StartedWorker): unknown[] =>
  worker.logs().split('\n').filter((line) => line.startsWith('SEEN ')).map((line) => JSON.parse(line.slice(5)) as unknown)

const arrive = (worker: StartedWorker, count: number) => worker.collector.waitFor(({ spans }) => spans.length >= count)

describe.each(corners)('on $title', ({ startWorker }) => {
  const start = (setup?: WorkerSetup) => startWorker('events.mjs', setup)

  describe('queue', () => {
    const ORDERS = { queueProducers: { ORDERS: 'orders' }, queueConsumers: { orders: { maxBatchTimeout: 0.05, maxBatchSize: 5, retryDelay: 0 } } }
    const send = async (worker: StartedWorker, ...bodies: object[]) => {
      const queue = await worker.miniflare.getQueueProducer('ORDERS', 'worker')
      await queue.sendBatch(bodies.map((body) => ({ body })))
    }

    test('a batch is one invocation, with a link to each sender that has sent its context', async () => {
      await using worker = await start(ORDERS)
      await send(worker, { order: 1, traceparent: SENDER }, { order: 2 })
      await arrive(worker, 2)
      const [consume, root] = worker.collector.spans
      expect(consume?.parentSpanId).toBe(root?.spanId)
      expect(root).toMatchObject({
        name: 'process orders',
        kind: 'consumer',
        attributes: {
          'faas.trigger': 'pubsub',
          'messaging.system': 'cloudflare_queues',
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': 'orders',
          'messaging.batch.message_count': 2,
        },
        links: [{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }],
      })
      expect(seen(worker)).toEqual([[[1, 1], [2, 1]]])
      expect(crossed(worker.logs())).toEqual([])
    })

    test('a message that the handler wants to retry comes again, by itself', async () => {
      await using worker = await start(ORDERS)
      await send(worker, { order: 'fine' }, { order: 'retry' })
      await arrive(worker, 4)
      expect(seen(worker)).toEqual([[['fine', 1], ['retry', 1]], [['retry', 2]]])
      expect(worker.collector.spans.map(({ status }) => status.code)).toEqual(Array(4).fill('unset'))
    })

    test('a batch comes again if its handler throws, and the span has the error', async () => {
      await using worker = await start(ORDERS)
      await send(worker, { order: 'throw' })
      await arrive(worker, 4)
      expect(seen(worker)).toEqual([[['throw', 1]], [['throw', 2]]])
      const roots = worker.collector.spans.filter(({ name }) => name === 'process orders')
      expect(roots.map(({ status }) => status)).toEqual([{ code: 'error', message: 'the batch is bad' }, { code: 'unset' }])
    })
  })

  test('scheduled: the span has the cron and its time; an error and `noRetry` reach the platform', async () => {
    await using worker = await start()
    const scheduledTime = new Date('2026-11-21T10:00:00Z')
    const { scheduled } = (await worker.miniflare.getWorker('worker')) as unknown as { scheduled(of: object): Promise<object> }
    expect(await scheduled({ cron: '0 * * * *', scheduledTime })).toMatchObject({ outcome: 'ok', noRetry: false })
    expect(await scheduled({ cron: 'once', scheduledTime })).toMatchObject({ outcome: 'ok', noRetry: true })
    expect(await scheduled({ cron: 'bad', scheduledTime })).toMatchObject({ outcome: 'exception' })
    await arrive(worker, 3)
    expect(worker.collector.spans[0]).toMatchObject({
      name: 'scheduled',
      attributes: { 'faas.trigger': 'timer', 'faas.cron': '0 * * * *', 'faas.time': '2026-11-21T10:00:00.000Z' },
    })
    expect(worker.collector.spans[2]?.status).toEqual({ code: 'error', message: 'no such cron' })
    expect(seen(worker)[0]).toEqual(['0 * * * *', scheduledTime.getTime()])
  })

  test('email: the platform learns whether the handler rejects the message', async () => {
    await using worker = await start({ miniflare: { unsafeTriggerHandlers: true } as never })
    const post = async (to: string) => {
      const body = `From: a@example.com\r\nTo: ${to}\r\nMessage-ID: <1@example.com>\r\n\r\nHello`
      const path = `/cdn-cgi/handler/email?from=a@example.com&to=${to}`
      return (await worker.miniflare.dispatchFetch(new URL(path, 'http://localhost'), { method: 'POST', body })).text()
    }
    expect(await post('orders@example.com')).not.toMatch(/reject/)
    expect(await post('nobody@example.com')).toMatch(/reject.*unknown address/)
    await arrive(worker, 2)
    expect(worker.collector.spans).toMatchObject(Array(2).fill({ name: 'email', kind: 'server', attributes: { 'faas.trigger': 'other' } }))
    expect(seen(worker)).toEqual([['a@example.com', 'orders@example.com'], ['a@example.com', 'nobody@example.com']])
  })

  const follow = (how: string) => ({ others: { producer: { script: 'producer.mjs', [how]: ['worker'] } } })
  const produce = async (worker: StartedWorker) => (await fetch(await worker.miniflare.unsafeGetDirectURL('producer'))).text()

  test('tail: the events of another Worker are an invocation', async () => {
    await using worker = await start(follow('tails'))
    await produce(worker)
    await arrive(worker, 1)
    expect(worker.collector.spans).toMatchObject([{ name: 'tail', attributes: { 'faas.trigger': 'other', 'app.events': 1 } }])
    expect(seen(worker)).toEqual([[[['a line']]]])
  })

  test('tailStream: its start is an invocation; the handler it returns is called as ever, and its spans are sent, too', async () => {
    await using worker = await start(follow('streamingTails'))
    await produce(worker)
    await arrive(worker, 2)
    const [root, outcome] = worker.collector.spans
    expect(root?.name).toBe('tailStream')
    expect(outcome?.name).toBe('outcome')
    expect(outcome?.parentSpanId).toBe(root?.spanId)
    await expect.poll(() => seen(worker)).toEqual(['onset', ['a line'], 'ok'])
  })

  test('connect: a connection is an invocation, with the `experimental` flag of the runtime', async () => {
    const compatibilityFlags = ['experimental']
    const producer = { script: 'producer.mjs', compatibilityFlags, serviceBindings: { TARGET: 'worker' } }
    await using worker = await start({ compatibilityFlags, others: { producer } })
    expect(await produce(worker)).toBe('hello')
    await arrive(worker, 1)
    expect(worker.collector.spans).toMatchObject([{ name: 'connect', attributes: { 'faas.trigger': 'other' } }])
  })
})
