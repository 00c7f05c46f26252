/** Requests that the collector accepts in part: each signal has its own field for what was rejected, and its own way of counting. */
import { startCollector } from 'flushed/testing'
import type { CollectorBehavior } from 'flushed/testing'
import { expect, test } from 'vitest'

const traces = (...names: string[]) => ({ resourceSpans: [{ scopeSpans: [{ spans: names.map((name) => ({ name })) }] }] })
const logs = (...texts: string[]) => ({ resourceLogs: [{ scopeLogs: [{ logRecords: texts.map((severityText) => ({ severityText })) }] }] })

/** Gauges by name, with a data point for each value. */
const metrics = (values: Record<string, readonly number[]>) => {
  const gauges = Object.entries(values).map(([name, of]) => ({ name, gauge: { dataPoints: of.map((asDouble) => ({ asDouble })) } }))
  return { resourceMetrics: [{ scopeMetrics: [{ metrics: gauges }] }] }
}

async function answered(behavior: CollectorBehavior, path: string, body: object) {
  await using collector = await startCollector({ behavior })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(collector.url + path, { method: 'POST', body: JSON.stringify(body), headers })
  const answer: unknown = await response.json()
  await collector.waitFor(({ requests }) => requests.every(({ acknowledged }) => acknowledged))
  return { answer, collector, rejected: collector.requests[0]?.rejected }
}

test('`partialSuccess` rejects the last spans of a request', async () => {
  const { answer, collector, rejected } = await answered({ partialSuccess: 2, message: 'too old' }, '/v1/traces', traces('a', 'b', 'c'))
  expect(answer).toEqual({ partialSuccess: { rejectedSpans: '2', errorMessage: 'too old' } })
  expect([collector.spans.map(({ name }) => name), rejected]).toEqual([['a'], 2])
})

test('`partialSuccess` rejects the last log records of a request', async () => {
  const { answer, collector, rejected } = await answered({ partialSuccess: 2 }, '/v1/logs', logs('a', 'b', 'c'))
  expect(answer).toEqual({ partialSuccess: { rejectedLogRecords: '2', errorMessage: '' } })
  expect([collector.logs.map(({ severityText }) => severityText), rejected]).toEqual([['a'], 2])
})

test.each([
  [1, { a: [1, 2, 3, 4, 5], b: [6], none: [] }],
  [5, { a: [1, 2], none: [] }],
  [7, { none: [] }],
])('`partialSuccess: %i` rejects the last data points, and the metrics that have no others', async (partialSuccess, left) => {
  const { answer, collector, rejected } = await answered({ partialSuccess }, '/v1/metrics', metrics({ a: [1, 2, 3, 4, 5], b: [6], none: [], c: [7] }))
  expect(answer).toEqual({ partialSuccess: { rejectedDataPoints: String(partialSuccess), errorMessage: '' } })
  expect(Object.fromEntries(collector.metrics.map(({ name, points }) => [name, points.map(({ value }) => value)]))).toEqual(left)
  expect(rejected).toBe(partialSuccess)
})

test.each([
  ['/v1/traces', traces('a', 'b'), { rejectedSpans: '2' }],
  ['/v1/logs', logs('a', 'b'), { rejectedLogRecords: '2' }],
  ['/v1/metrics', metrics({ a: [1, 2] }), { rejectedDataPoints: '2' }],
])('no more is rejected than a request had: %s', async (path, body, expected) => {
  const { answer, collector } = await answered({ partialSuccess: 100 }, path, body)
  expect(answer).toMatchObject({ partialSuccess: expected })
  expect([collector.spans, collector.logs, collector.metrics]).toEqual([[], [], []])
})

test.each([{ partialSuccess: 0, message: 'deprecated field' }, { message: 'deprecated field' }])('%j is a warning: nothing is rejected', async (behavior) => {
  const { answer, collector, rejected } = await answered(behavior, '/v1/traces', traces('a'))
  expect(answer).toEqual({ partialSuccess: { rejectedSpans: '0', errorMessage: 'deprecated field' } })
  expect([collector.spans.length, rejected]).toEqual([1, 0])
})

test('without a message, `partialSuccess: 0` is answered with an empty object', async () => {
  expect((await answered({ partialSuccess: 0 }, '/v1/metrics', metrics({ a: [1] }))).answer).toEqual({})
})
