/** Contexts of several invocations, on real middy: hooks can enter a context, but never leave it. */
import middy from '@middy/core'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { adopt, currentInvocation, span, waitUntil } from 'flushed'
import { telemetry } from 'flushed/middy'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate } from '../../support/sdk.ts'
import { lambdaContext, setup, tracing, tree, turn } from './support.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const own = () => {}
/** Registers a context manager as `NodeSDK` does. */
const theirs = () => void context.setGlobalContextManager(new AsyncLocalStorageContextManager())

describe.each([
  ['with flushed’s own context manager', own],
  ['with a context manager of the application', theirs],
])('%s', (_what, register) => {
  beforeEach(() => {
    newIsolate()
    register()
  })

  test('the context of an invocation that is over is left, for the caller and for the next invocation', async () => {
    const { exporter, tracer, middleware } = setup()
    const seen: unknown[] = []
    const look = () => void seen.push(currentInvocation(), trace.getSpan(context.active()))
    // Used before the telemetry middleware, so that it runs in whatever context the last invocation has left behind.
    const handler = middy(async () => {}).use({ before: look }).use(middleware)
    for (const id of ['1', '2', '3']) {
      await handler({}, lambdaContext(id))
      look()
    }
    expect(seen).toEqual(Array(12).fill(undefined))
    tracer.startSpan('afterwards').end()
    await handler({}, lambdaContext('4'))
    expect(exporter.exports.map(({ spans }) => tree(spans)).slice(2)).toEqual([['- > orders'], ['- > afterwards', '- > orders']])
    expect(new Set(exporter.spans.map((each) => each.spanContext().traceId)).size).toBe(5)
  })

  test('ten invocations that one caller starts in one turn each have their own spans and flush', async () => {
    const { exporter, reports, tracer, middleware } = setup()
    const handler = middy(async (id: number) => {
      tracer.startSpan('ended', { attributes: { id } }).end()
      await turn()
      currentInvocation()?.root.setAttribute('id', id)
      span('helper').setAttribute('id', id)
      tracer.startSpan('left', { attributes: { id } })
      await turn()
      return id
    })
      .use(middleware)
      .use(tracing())
    const results = await Promise.all(Array.from({ length: 10 }, (_, id) => handler(id, lambdaContext(String(id)))))
    expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const exports = exporter.exports.map(({ spans }) =>
      spans.filter(({ name }) => !name.startsWith('their')).map(({ name, attributes }) => `${attributes['id']} ${name}`),
    )
    expect(exports).toEqual(results.map((id) => ['ended', 'left', 'helper', 'orders'].map((name) => `${id} ${name}`)))
    expect(reports.map(({ spans }) => spans)).toEqual(Array(10).fill(expect.objectContaining({ acknowledged: 6, endedByDispose: 2 })))
  })

  test('an invocation that starts while another one runs is not a part of it', async () => {
    const { exporter, middleware } = setup()
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const handler = middy(async (wait: boolean) => (wait ? gate : undefined)).use(middleware)
    const slow = handler(true, lambdaContext('slow'))
    await turn()
    await handler(false, lambdaContext('fast'))
    expect(exporter.spans.map(({ attributes }) => attributes['faas.invocation_id'])).toEqual(['fast'])
    open()
    await slow
    expect(exporter.exports.map(({ spans }) => tree(spans))).toEqual([['- > orders'], ['- > orders']])
    expect(new Set(exporter.spans.map((each) => each.spanContext().traceId)).size).toBe(2)
  })

  test('past invocations can be garbage-collected, though their contexts were entered', async () => {
    const invocations: WeakRef<object>[] = []
    const handler = middy(async () => void invocations.push(new WeakRef(currentInvocation() ?? expect.unreachable())))
    handler.use(telemetry({ telemetry: async () => {}, logger: false }))
    for (let id = 0; id < 20; id++) await handler({}, lambdaContext(String(id)))
    await turn()
    collectGarbage()
    expect(invocations.filter((each) => each.deref()).length).toBeLessThan(3)
  })
})

describe('with a context manager of the application, which cannot enter a context', () => {
  beforeEach(() => {
    newIsolate()
    theirs()
  })

  test('spans are counted, ended and flushed with the invocation; those of `span()` are below its root', async () => {
    const { exporter, reports, tracer, middleware } = setup()
    const adopted: string[] = []
    const handler = middy(async () => {
      await turn()
      tracer.startActiveSpan('charge', (charge) => {
        using _bank = span('bank')
        charge.end()
      })
      tracer.startSpan('left')
      span('helper').end()
      adopt('segment', (name) => adopted.push(name))
      waitUntil(turn().then(() => tracer.startSpan('background').end()))
    }).use(middleware)
    await handler({}, lambdaContext('1'))
    expect(exporter.exports).toHaveLength(1)
    expect(tree(exporter.spans)).toEqual(['- > charge', 'charge > bank', 'orders > helper', '- > background', '- > left', '- > orders'])
    expect(adopted).toEqual(['segment'])
    expect(reports).toMatchObject([{ spans: { acknowledged: 6, endedByDispose: 2, late: 0 } }])
  })

  test('a handler that is wrapped itself has its spans below its own span again', async () => {
    const { exporter, reports, tracer, options, middleware } = setup()
    const { withTelemetry } = await import('flushed/lambda')
    const inner = withTelemetry(async () => (await turn(), tracer.startSpan('work').end()), { ...options, name: 'inner' })
    await middy(inner).use(middleware)({}, lambdaContext('1'))
    expect(tree(exporter.spans)).toEqual(['inner > work', 'orders > inner', '- > orders'])
    expect(reports).toHaveLength(1)
  })
})
