/** Functions with an internal extension: the ways to register one, and the record that its requests must leave. */
import { expect } from 'vitest'
import type { EntryKind } from 'flushed/testing'
import type { Lambda } from './lambda.ts'

/** The ways to register: a title, the module of a function, and the environment variables it needs. */
export const forms = [
  ['`import` in an ES module', 'registered', {}],
  ['`NODE_OPTIONS=--import`', 'extension', { NODE_OPTIONS: '--import flushed/lambda/register' }],
  ['`--import` beside a CommonJS function', 'required', { REQUIRE: 'no', NODE_OPTIONS: '--import flushed/lambda/register' }],
  ['`require` in CommonJS', 'required', {}],
] as const

export const count = ({ sandbox }: Lambda, kind: EntryKind): number =>
  sandbox.record.filter((entry) => entry.kind === kind).length

/** The warnings of the package in the function's log. */
export const warnings = (lambda: Lambda): string[] =>
  lambda
    .logs()
    .split('\n')
    .filter((line) => line.includes('flushed: '))

/**
 * Expects one `next` for each event, none refused, each after the response to its event; and no two exports at once, each after
 * the response of its invocation. It reads the records of the Extensions API and of the collector, which share one clock.
 */
export function expectSerial({ sandbox, collector }: Lambda): void {
  const polls = sandbox.record.filter(({ kind }) => kind.startsWith('extension.'))
  const [registration, first, ...rest] = polls.map(({ kind }) => kind)
  expect([registration, first]).toEqual(['extension.register', 'extension.next'])
  expect(rest).toEqual(rest.map((_, index) => (index % 2 === 0 ? 'extension.invoke' : 'extension.next')))

  const cycle: EntryKind[] = ['runtime.invoke', 'extension.invoke', 'runtime.response', 'extension.next']
  const cycles = sandbox.record.slice(sandbox.record.findIndex(({ kind }) => kind === 'thaw'))
  const seen = cycles.map(({ kind }) => kind).filter((kind) => cycle.includes(kind))
  expect(seen).toEqual(seen.map((_, index) => cycle[index % 4]))

  const responses = sandbox.record.filter(({ kind }) => kind === 'runtime.response')
  expect(collector.requests).toHaveLength(responses.length)
  for (const [index, { receivedAt }] of collector.requests.entries()) {
    expect(receivedAt).toBeGreaterThan(responses[index]?.at ?? Infinity)
    expect(receivedAt).toBeGreaterThan(collector.requests[index - 1]?.answeredAt ?? 0)
  }
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
