/** The lifecycle, for those who are told of a handler's start and end instead of calling it. */
import { SpanKind, SpanStatusCode, context } from '@opentelemetry/api'
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

test('what is begun is open until it is settled, and delivered when that is over', async () => {
  const { exporter, tracer, wrap } = setup({ reflect: (root, _description, result) => root.setAttribute('result', String(result)) })
  const begun = begin(wrap, 'handler', [])
  context.with(begun?.context as never, () => tracer.startSpan('left'))
  expect([begun?.live(), exporter.spans]).toEqual([true, []])
  await begun?.settle({ result: 42 })
  expect([begun?.live(), exporter.spans.map(({ name }) => name)]).toEqual([false, ['left', 'root']])
  expect(exporter.spans[1]?.attributes['result']).toBe('42')
})

test('what is begun within is a child span: ended when it is settled, and not flushed', async () => {
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
  // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
  ['is a thenable that rejects', () => ({ then: (_done: unknown, fail: (reason: Error) => void) => fail(new Error('no hold')) }) as never],
])('settling never rejects: where the platform’s hold %s, that is a warning', async (_how, hold) => {
  const { warnings, wrap } = setup({ lifetime: () => ({ phase: 'before-response', hold }) })
  expect(await begin(wrap, 'handler', [])?.settle({ result: 1 })).toBeUndefined()
  expect(warnings).toEqual(['flushed: the flush failed: no hold'])
})
