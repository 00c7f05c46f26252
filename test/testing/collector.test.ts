import { gzipSync } from 'node:zlib'
import { startCollector } from 'flushed/testing'
import type { Collector } from 'flushed/testing'
import { describe, expect, test } from 'vitest'

const traces = (...names: string[]) =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: names.map((name) => ({ name, traceId: `0${name}` })) }] }] })

const json = { 'content-type': 'application/json' }
const post = (collector: Collector, body: string | Uint8Array = traces('a'), path = '/v1/traces', headers: Record<string, string> = json) =>
  fetch(collector.url + path, { method: 'POST', body: body as string, headers })

describe('what a request gets', () => {
  test('200 unless told otherwise', async () => {
    await using collector = await startCollector()
    const response = await post(collector)
    expect([response.status, await response.text()]).toEqual([200, '{}'])
    expect(collector.requests).toMatchObject([{ signal: 'traces', encoding: 'json', acknowledged: true, status: 200 }])
    const [request] = collector.requests
    expect(request?.answeredAt).toBeGreaterThanOrEqual(request?.receivedAt ?? Infinity)
    expect(request?.bytes).toBe(traces('a').length)
  })

  test('an answer after a delay, acknowledged only then', async () => {
    await using collector = await startCollector({ behavior: { delayMs: 100 } })
    const answer = post(collector)
    await collector.waitFor(({ received }) => received.length === 1)
    expect(collector.spans).toEqual([])
    await answer
    await collector.waitFor(({ spans }) => spans.length === 1)
    const [request] = collector.requests
    expect((request?.answeredAt ?? 0) - (request?.receivedAt ?? 0)).toBeGreaterThan(95)
  })

  test.each([400, 413, 429, 500, 503])('status %i, which acknowledges nothing', async (status) => {
    await using collector = await startCollector()
    collector.behave({ status, retryAfter: 7 })
    const response = await post(collector)
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, '7'])
    expect(collector.requests).toMatchObject([{ status, acknowledged: false }])
    expect([collector.spans.length, collector.received.length]).toEqual([0, 1])
  })

  test('a reset connection', async () => {
    await using collector = await startCollector({ behavior: 'reset' })
    await expect(post(collector)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } })
    expect(collector.requests).toMatchObject([{ acknowledged: false }])
  })

  test('no answer until it is released', async () => {
    await using collector = await startCollector({ behavior: 'hang' })
    const hanging = post(collector)
    await collector.waitFor(({ requests }) => requests.length === 1)
    collector.behave('ok')
    expect((await post(collector)).status).toBe(200)
    expect(collector.requests.map(({ acknowledged }) => acknowledged)).toEqual([false, true])
    collector.release()
    expect((await hanging).status).toBe(200)
    expect(collector.spans).toHaveLength(2)
  })

  test('no answer, and an error when the collector is closed', async () => {
    const collector = await startCollector({ behavior: 'hang' })
    const hanging = post(collector)
    await collector.waitFor(({ requests }) => requests.length === 1)
    await collector.close()
    await expect(hanging).rejects.toThrow()
    await collector.close()
  })

  test('what the rule for its signal says, which may be a function', async () => {
    await using collector = await startCollector()
    collector.behave({ traces: ({ spans }) => (spans[0]?.name === 'bad' ? { status: 400 } : 'ok'), logs: { status: 500 } })
    expect((await post(collector, traces('good'))).status).toBe(200)
    expect((await post(collector, traces('bad'))).status).toBe(400)
    expect((await post(collector, '{}', '/v1/logs')).status).toBe(500)
    expect((await post(collector, '{}', '/v1/metrics')).status).toBe(200)
  })

  test('no connection while the collector refuses, and an answer once it accepts again', async () => {
    await using collector = await startCollector()
    const { url } = collector
    await collector.refuse()
    await expect(post(collector)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
    await collector.accept()
    expect(collector.url).toBe(url)
    expect((await post(collector)).status).toBe(200)
  })
})

describe('what the collector understands', () => {
  test('log records', async () => {
    await using collector = await startCollector()
    const record = {
      timeUnixNano: '1700000000123456789',
      severityNumber: 9,
      severityText: 'INFO',
      body: { kvlistValue: { values: [{ key: 'n', value: { intValue: '9007199254740993' } }] } },
      attributes: [{ key: 'raw', value: { bytesValue: 'AQI=' } }],
      traceId: 'AB'.repeat(16),
      eventName: 'paid',
    }
    await post(collector, JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }), '/v1/logs')
    expect(collector.logs).toMatchObject([
      {
        timeUnixNano: 1_700_000_000_123_456_789n,
        severityNumber: 9,
        severityText: 'INFO',
        body: { n: 9007199254740993n },
        attributes: { raw: new Uint8Array([1, 2]) },
        traceId: 'ab'.repeat(16),
        eventName: 'paid',
      },
    ])
  })

  test('gzip', async () => {
    await using collector = await startCollector()
    await post(collector, gzipSync(traces('a')), '/v1/traces', { ...json, 'content-encoding': 'gzip' })
    expect(collector.requests).toMatchObject([{ compressed: true, spans: [{ name: 'a' }] }])
  })

  test('a path with a query, and a media type in any case', async () => {
    await using collector = await startCollector()
    const headers = { 'content-type': 'Application/JSON; charset=UTF-8', 'content-encoding': 'GZIP' }
    expect((await post(collector, gzipSync(traces('a')), '/v1/traces?tenant=1', headers)).status).toBe(200)
    expect((await post(collector, '', '/v1/traces', { 'content-type': 'application/X-Protobuf' })).status).toBe(200)
    expect(collector.requests).toMatchObject([{ encoding: 'json', spans: [{ name: 'a' }] }, { encoding: 'protobuf' }])
  })

  test.each([
    ['another path', '/v1/profiles', '{}', json, 404],
    ['a longer path', '/v1/traces2?x=1', '{}', json, 404],
    ['another content type', '/v1/traces', '{}', { 'content-type': 'text/plain' }, 415],
    ['a broken body', '/v1/traces', '{"resource', json, 400],
    ['a body that is no object', '/v1/traces', '1', json, 400],
    ['broken protobuf', '/v1/traces', '\x0f\x0f', { 'content-type': 'application/x-protobuf' }, 400],
  ])('not %s', async (_what, path, body, headers, status) => {
    await using collector = await startCollector()
    expect((await post(collector, body, path, headers as Record<string, string>)).status).toBe(status)
    expect(collector.requests).toEqual([])
    const waiting = collector.waitFor(({ requests }) => requests.length > 0, { timeoutMs: 0 })
    const refused = `0 spans were acknowledged. 1 were not understood (POST ${path}: ${status}, `
    await expect(waiting).rejects.toThrow(`The collector waited 0 ms in vain. No request arrived that was understood; ${refused}`)
  })
})

describe('waiting', () => {
  test('gives up with a report of what has arrived', async () => {
    await using collector = await startCollector({ behavior: { status: 503 } })
    await post(collector)
    const waiting = collector.waitFor(({ spans }) => spans.length > 0, { timeoutMs: 20 })
    await expect(waiting).rejects.toThrow(
      'The collector waited 20 ms in vain. 1 arrived (traces with 1 items: 503); 0 spans were acknowledged.',
    )
  })

  test('reports what was understood and what was not, until `reset` forgets both', async () => {
    await using collector = await startCollector()
    await post(collector)
    await fetch(collector.url)
    await post(collector, '1')
    const waiting = () => expect(collector.waitFor(() => false, { timeoutMs: 0 })).rejects
    await waiting().toThrow(
      '1 arrived (traces with 1 items: 200); 1 spans were acknowledged. ' +
        '2 were not understood (GET /: 404, No such path: /; POST /v1/traces: 400, An OTLP request is a JSON object).',
    )
    collector.reset()
    await waiting().toThrow(/No request arrived; 0 spans were acknowledged\.$/)
  })

  test('passes on what the predicate throws', async () => {
    await using collector = await startCollector()
    const waiting = collector.waitFor(({ requests }) => {
      if (requests.length > 0) throw new Error('unexpected request')
      return false
    })
    await Promise.all([post(collector), expect(waiting).rejects.toThrow('unexpected request')])
  })

  test('ends when the collector is closed, and ends at once as long as it is closed', async () => {
    const collector = await startCollector()
    await post(collector)
    const never = () => collector.waitFor(({ spans }) => spans.length === 2, { timeoutMs: 600_000 })
    const waiting = expect(never()).rejects.toThrow(
      'The collector was closed, and what a test waited for had not happened. 1 arrived (traces with 1 items: 200); 1 spans',
    )
    await collector.close()
    await waiting
    await expect(never()).rejects.toThrow('The collector was closed')
    await collector.waitFor(({ spans }) => spans.length === 1)
    await collector.accept()
    await Promise.all([never(), post(collector)])
    await collector.close()
  })

  test('after a `reset`, nothing is left of a request that was under way, even if it is acknowledged later', async () => {
    await using collector = await startCollector({ behavior: 'hang' })
    const hanging = post(collector)
    await collector.waitFor(({ requests }) => requests.length === 1)
    collector.reset()
    collector.release()
    await hanging
    expect(collector).toMatchObject({ requests: [], spans: [], received: [] })
  })
})
