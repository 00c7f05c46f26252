/** `WorkflowEntrypoint` classes on real workerd, with Miniflare's engine. */
import { describe, expect, test } from 'vitest'
import { call, withClasses } from '../../support/worker-classes.ts'
import { type StartedWorker, corners, crossed, names } from '../../support/workers.ts'

const start = (worker: StartedWorker, params: object) =>
  call(worker, 'start', { method: 'POST', body: JSON.stringify(params) }) as Promise<string>

interface Status {
  status: string
  output?: unknown
  error?: { name: string; message: string }
}

/** Polls the engine, which reports nothing by itself. */
async function reaches(worker: StartedWorker, id: string, status: string): Promise<Status> {
  let last: Status | undefined
  await expect.poll(async () => (last = (await call(worker, `status?id=${id}`)) as Status).status, { timeout: 10_000 }).toBe(status)
  return last as Status
}

const arrive = (worker: StartedWorker, count: number) => worker.collector.waitFor(({ spans }) => spans.length >= count)

/** The span with that name, once it has arrived. */
async function sent({ collector }: StartedWorker, name: string) {
  const named = () => collector.spans.find((span) => span.name === name)
  await collector.waitFor(() => named() !== undefined)
  return named()
}

describe.each(corners)('on $title', (runtime) => {
  const started = (script = 'classes-wrapped.mjs') => runtime.startWorker(script, withClasses(runtime))

  test('a run is an invocation, and every attempt of each step that it executes is a child span', async () => {
    await using worker = await started()
    const id = await start(worker, {})
    expect((await reaches(worker, id, 'complete')).output).toBe(41)
    await arrive(worker, 6)
    const sent = worker.collector.spans
    const root = sent.find(({ name }) => name === 'Checkout')
    expect(root).toMatchObject({
      kind: 'server',
      attributes: { 'cloudflare.workflow.name': 'checkout', 'cloudflare.workflow.instance_id': id, 'faas.trigger': 'other', 'app.shop': 'one' },
    })
    expect(root?.attributes).not.toHaveProperty('flushed.replayed_steps')
    // Each step is a request of its own, and they may arrive in another order.
    const steps = sent.filter(({ name }) => /price|pay|ship/.test(name)).toSorted((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano))
    expect(names(steps)).toEqual(['price', 'pay', 'pay', 'ship'])
    for (const step of steps) expect(step).toMatchObject({ kind: 'internal', traceId: root?.traceId, parentSpanId: root?.spanId })
    expect(steps.flatMap(({ attributes }) => Object.keys(attributes))).not.toContain('app.shop')
    expect(steps[1]?.status).toEqual({ code: 'error', message: 'declined' })
    expect(sent.find(({ name }) => name === 'look up')?.parentSpanId).toBe(steps[0]?.spanId)
    expect(crossed(worker.logs())).toEqual([])
  })

  test('steps are sent while their run waits', async () => {
    await using worker = await started()
    const id = await start(worker, { wait: true })
    await arrive(worker, 4)
    expect(names(worker.collector.spans)).toEqual(['look up', 'price', 'pay', 'pay'])
    await call(worker, `shipped?id=${id}`)
    expect((await reaches(worker, id, 'complete')).output).toBe(41)
    await arrive(worker, 6)
    expect(names(worker.collector.spans).slice(4).toSorted()).toEqual(['Checkout', 'ship'])
  })

  test('a run that begins again records how many steps are replayed, and has no spans of those', async () => {
    await using worker = await started()
    const id = await start(worker, { wait: true })
    await arrive(worker, 4)
    // Pausing takes the engine down, and its run with it.
    await call(worker, `pause?id=${id}`)
    await reaches(worker, id, 'paused')
    await call(worker, `resume?id=${id}`)
    await call(worker, `shipped?id=${id}`)
    expect((await reaches(worker, id, 'complete')).output).toBe(41)
    const replay = (spans: typeof worker.collector.spans) => spans.find(({ attributes }) => 'flushed.replayed_steps' in attributes)
    await worker.collector.waitFor(({ spans }) => replay(spans) !== undefined && names(spans).includes('ship'))
    const root = replay(worker.collector.spans)
    expect(root).toMatchObject({ name: 'Checkout', attributes: { 'flushed.replayed_steps': 2, 'cloudflare.workflow.instance_id': id } })
    const children = worker.collector.spans.filter(({ parentSpanId }) => parentSpanId === root?.spanId)
    expect(names(children)).toEqual(['ship'])
    expect(names(worker.collector.spans).filter((name) => /price|pay/.test(name))).toEqual(['price', 'pay', 'pay'])
  })

  test('an error of a run reaches the engine unchanged, and the span has it', async () => {
    await using bare = await started('classes-bare.mjs')
    await using worker = await started()
    const outcomes = [bare, worker].map(async (one) => (await reaches(one, await start(one, { fail: true }), 'errored')).error)
    const [expected, error] = await Promise.all(outcomes)
    expect(error).toEqual(expected)
    expect(error?.message).toBe('out of stock')
    const root = await sent(worker, 'Checkout')
    expect(root?.status).toEqual({ code: 'error', message: 'out of stock' })
  })

  test('the rollback of a step, if the run fails, is a child span of the run, too, and gets the same arguments as ever', async () => {
    await using bare = await started('classes-bare.mjs')
    await using worker = await started()
    for (const one of [bare, worker]) await reaches(one, await start(one, { fail: true }), 'errored')
    const [root, undoing] = [await sent(worker, 'Checkout'), await sent(worker, 'rollback price')]
    expect(undoing).toMatchObject({ kind: 'internal', traceId: root?.traceId, parentSpanId: root?.spanId, status: { code: 'unset' } })
    expect((await sent(worker, 'give back'))?.parentSpanId).toBe(undoing?.spanId)
    const undone = [bare, worker].map((one) => one.logs().match(/UNDONE .*/g))
    expect(undone).toEqual(Array(2).fill(['UNDONE price-1 20 rollback']))
    expect(crossed(worker.logs())).toEqual([])
  })
})
