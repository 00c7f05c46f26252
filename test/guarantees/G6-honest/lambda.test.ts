/** G6 Honest, on the real runtime client: every span created is acknowledged, kept or counted as lost. */
import { describe, expect, test } from 'vitest'
import { runtime, startFunction } from '../../support/lambda.ts'

interface Report {
  outcome: string
  phase: string
  spans: Record<'acknowledged' | 'failed' | 'pending' | 'carriedOver' | 'late', number>
}

/** The reports that the function has written, one line each. */
const reportsIn = (logs: string): Report[] =>
  logs.split('\n').flatMap((line) => (line.includes('REPORT ') ? [JSON.parse(line.slice(line.indexOf('REPORT ') + 7))] : []))

const sum = (reports: Report[], key: keyof Report['spans']) => reports.reduce((total, { spans }) => total + spans[key], 0)

describe(`on ${runtime}`, () => {
  test('an outage within the buffer’s limit loses nothing, and the reports add up to all spans created', async () => {
    await using lambda = await startFunction('reporting.handler', { behavior: { status: 500 } })
    for (let i = 0; i < 10; i++) await lambda.invoke()
    lambda.collector.behave('ok')
    const { freeze } = await lambda.invoke()
    expect(freeze.spans).toHaveLength(22)
    const reports = reportsIn(lambda.logs())
    expect(reports.map(({ outcome }) => outcome)).toEqual([...Array.from({ length: 10 }, () => 'failed'), 'delivered'])
    expect(reports.map(({ spans }) => spans.carriedOver)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 0])
    expect([sum(reports, 'acknowledged'), sum(reports, 'failed')]).toEqual([22, 0])
  })

  test('an outage beyond the buffer’s limit loses the oldest spans, and the reports say exactly how many', async () => {
    await using lambda = await startFunction('reporting.handler', { behavior: { status: 500 }, env: { OTEL_BSP_MAX_QUEUE_SIZE: '6' } })
    for (let i = 0; i < 10; i++) await lambda.invoke()
    lambda.collector.behave('ok')
    const { freeze } = await lambda.invoke()
    expect(freeze.spans).toHaveLength(8)
    const reports = reportsIn(lambda.logs())
    expect([sum(reports, 'acknowledged'), sum(reports, 'failed')]).toEqual([8, 14])
  })

  test('a span that ends after the response arrives with the next flush, and is counted as late', async () => {
    await using lambda = await startFunction('reporting.late')
    await lambda.invoke()
    const { freeze } = await lambda.invoke()
    expect(freeze.spans.map(({ name }) => name)).toContain('late')
    expect(sum(reportsIn(lambda.logs()), 'late')).toBeGreaterThanOrEqual(1)
  })

  test('a root span carries the outcome of the flush before it', async () => {
    await using lambda = await startFunction('orders.handler')
    const roots = []
    for (let i = 0; i < 2; i++) roots.push((await lambda.invoke()).freeze.spans.at(-1))
    expect(roots[0]?.attributes).not.toHaveProperty('flushed.previous_flush.outcome')
    expect(roots[1]?.attributes).toMatchObject({ 'flushed.previous_flush.outcome': 'delivered' })
  })
})
