/** `withTelemetry(middy(…))`, on real middy: around middy is the better place for a wrap. */
import middy from '@middy/core'
import { withTelemetry as withTelemetryAnywhere } from 'flushed'
import { stack, wrapInfo } from 'flushed'
import { telemetry, withTelemetry } from 'flushed/lambda'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate } from '../../support/sdk.ts'
import { lambdaContext, setup, tracing, tree, turn } from './support.ts'

beforeEach(newIsolate)

test('handler and middlewares have spans below the root; an early answer is flushed before the response', async () => {
  const { exporter, tracer, options } = setup()
  const handler = withTelemetry(
    middy(async () => (await turn(), tracer.startSpan('work').end()))
      .use(tracing())
      .use({ before: ({ event }) => (event === 'early' ? 'early' : undefined) }),
    options,
  )
  await handler({}, lambdaContext('1'))
  expect(await handler('early', lambdaContext('2'))).toBe('early')
  expect(exporter.exports.map(({ spans }) => tree(spans))).toEqual([
    ['orders > their before', 'orders > work', 'orders > their after', '- > orders'],
    ['orders > their before', '- > orders'],
  ])
})

describe('the wrapped handler', () => {
  test('has middy’s methods, which return the wrapped handler', async () => {
    const { exporter, options } = setup()
    const log: string[] = []
    const note = (name: string) => () => void log.push(name)
    const wrapped = withTelemetry(middy(), options)
    const chained = wrapped
      .use({ before: note('used') })
      .before(note('before'))
      .after(note('after'))
      .onError(note('onError'))
      .handler(async () => 'done')
    expect(chained).toBe(wrapped)
    expect(wrapInfo(chained)?.platform).toBe('lambda')
    expect(await chained({}, lambdaContext('1'))).toBe('done')
    expect(log).toEqual(['used', 'before', 'after'])
    expect(tree(exporter.spans)).toEqual(['- > orders'])
  })

  test('has middy’s methods and flushes once if it is wrapped twice, by layers', async () => {
    const { reports, options } = setup()
    const wrapped = stack(telemetry(options), telemetry(options))(middy())
    expect(wrapped.handler(async () => 'done')).toBe(wrapped)
    expect(await wrapped({}, lambdaContext('1'))).toBe('done')
    expect(reports).toHaveLength(1)
  })

  test('has the keys, name and length of middy’s, and its methods have the name and length of middy’s methods', () => {
    const original = middy()
    const wrapped = withTelemetry(original)
    expect([wrapped.name, wrapped.length]).toEqual([original.name, original.length])
    expect(Object.keys(wrapped)).toEqual(Object.keys(original))
    expect([wrapped.use.name, wrapped.use.length]).toEqual([original.use.name, original.use.length])
  })

  test('that is not middy’s keeps a method called `use` as it is', () => {
    const use = () => {}
    expect(withTelemetry(Object.assign(async () => {}, { use })).use).toBe(use)
  })

  test('throws what middy throws for an invalid middleware', () => {
    expect(() => withTelemetry(middy()).use({})).toThrow(/Middleware must be an object/)
  })
})

test('the wrap for any function, of `flushed`, wraps middy’s handler too', async () => {
  const { exporter, tracer, options } = setup()
  const handler = withTelemetryAnywhere(middy(async () => tracer.startSpan('work').end()), { ...options, name: 'root' })
  await handler({}, lambdaContext('1'))
  expect(tree(exporter.spans)).toEqual(['root > work', '- > root'])
})

describe('a handler that is wrapped inside middy', () => {
  test('gets the signal that middy passes to it', async () => {
    const { options } = setup()
    const inner = withTelemetry(async (_event: unknown, _context: unknown, { signal }: { signal: AbortSignal }) => signal, options)
    expect(await middy(inner as never)({}, lambdaContext('1'))).toBeInstanceOf(AbortSignal)
  })

  test('writes to the context that middlewares see', async () => {
    const { options } = setup()
    const seen: unknown[] = []
    const inner = withTelemetry(async (_event: unknown, context: object) => void Object.assign(context, { tenant: 'acme' }), options)
    const handler = middy(inner as never).after(({ context }) => void seen.push((context as { tenant?: string }).tenant))
    // Up to Node 22, the runtime's context has ways to end the invocation.
    const ending = { succeed() {}, fail() {}, done() {} }
    for (const context of [lambdaContext('1'), { ...lambdaContext('2'), ...ending }]) await handler({}, context)
    expect(seen).toEqual(['acme', 'acme'])
  })
})
