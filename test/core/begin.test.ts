/** `begin`: the lifecycle for callers that do not call a handler, but are told of its start and end. */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context } from '@opentelemetry/api'
import type { InvocationState } from '../../src/core/invocation.ts'
import { begin, type Wrap } from '../../src/core/lifecycle.ts'
import { resolveOptions } from '../../src/core/options.ts'
import type { Lifetime, Platform } from '../../src/core/platform.ts'
import { beforeEach, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

function setup(platform: Partial<Platform> = {}) {
  const { exporter, telemetry, tracer } = pipeline()
  const warnings: string[] = []
  const wrap: Wrap = {
    config: resolveOptions({ telemetry, logger: { warn: (message) => warnings.push(message) } }),
    platform: {
      name: 'test',
      describe: (_args, parent) => ({ name: 'root', kind: SpanKind.INTERNAL, attributes: {}, links: [], parent }),
      ...platform,
    },
  }
  return { exporter, tracer, warnings, wrap }
}

test('an invocation is live until it is settled, and its spans are delivered when `settle` resolves', async () => {
  const { exporter, tracer, wrap } = setup({ reflect: (root, _description, result) => root.setAttribute('result', String(result)) })
  const begun = begin(wrap, 'handler', [])
  context.with(begun?.context as never, () => tracer.startSpan('left'))
  expect([begun?.live(), exporter.spans]).toEqual([true, []])
  await begun?.settle({ result: 42 })
  expect([begun?.live(), exporter.spans.map(({ name }) => name)]).toEqual([false, ['left', 'root']])
  expect(exporter.spans[1]?.attributes['result']).toBe('42')
})

test('the platform’s constant attributes are on the root span, unless the `attributes` option overrides them', async () => {
  const { exporter, wrap } = setup({
    describe: (_args, parent) => ({
      name: 'root', kind: SpanKind.INTERNAL, attributes: { 'faas.trigger': 'http' }, constant: { 'cloud.region': 'eu-west-1', 'cloud.account.id': '1' }, links: [], parent,
    }),
  })
  const config = { ...wrap.config, attributes: { 'cloud.region': 'mine' } }
  await begin({ ...wrap, config }, 'handler', [])?.settle({ result: undefined })
  expect(exporter.spans[0]?.attributes).toMatchObject({ 'faas.trigger': 'http', 'cloud.region': 'mine', 'cloud.account.id': '1' })
})

test('an invocation begun within another is a child span, which ends when settled and is not flushed', async () => {
  const { exporter, wrap } = setup()
  const outer = begin(wrap, 'outer', [])
  const inner = context.with(outer?.context as never, () => begin(wrap, 'inner', []))
  expect(inner?.settle({ thrown: new Error('boom') })).toBeUndefined()
  expect([inner?.live(), outer?.live(), exporter.exports]).toEqual([false, true, []])
  await outer?.settle({ result: undefined })
  expect(exporter.spans.map(({ name, status }) => [name, status.code])).toEqual([
    ['inner', SpanStatusCode.ERROR],
    ['root', SpanStatusCode.UNSET],
  ])
})

test.each<[string, Lifetime['hold']]>([
  ['throws', () => {
    throw new Error('no hold')
  }],
  ['rejects', () => Promise.reject(new Error('no hold'))],
  // oxlint-disable-next-line unicorn/no-thenable -- this is what is tested
  ['is a thenable that rejects', () => ({ then: (_done: unknown, fail: (reason: Error) => void) => fail(new Error('no hold')) }) as never],
])('`settle` never rejects: if the platform’s `hold` %s, that is a warning', async (_how, hold) => {
  const { warnings, wrap } = setup({ lifetime: () => ({ phase: 'before-response', hold }) })
  expect(await begin(wrap, 'handler', [])?.settle({ result: 1 })).toBeUndefined()
  expect(warnings).toEqual(['flushed: the flush failed: no hold'])
})

test('a settled invocation lets go of the context it began in, so that a chain of them does not grow', async () => {
  const { wrap } = setup()
  const first = begin(wrap, 'first', [])
  await first?.settle({ result: undefined })
  const next = context.with(first?.context as never, () => begin(wrap, 'next', []))
  const owner = next?.owner as InvocationState
  expect(owner.outside).toBe(first?.context)
  await next?.settle({ result: undefined })
  expect(owner.outside).toBe(ROOT_CONTEXT)
})
