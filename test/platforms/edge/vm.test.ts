/** `flushed/edge` as users get it, in the real `@edge-runtime/vm`, the virtual machine of Vercel's edge runtime. */
import { describe, expect, test } from 'vitest'
import { type Edge, startEdge } from '../../support/edge.ts'

/** A fake context. Like those of platforms, its `waitUntil` must be called on it, and keeps the promises that it is given. */
class Context {
  readonly #held: Promise<unknown>[] = []

  waitUntil(work: Promise<unknown>): void {
    this.#held.push(work)
  }

  /** Waits for all of them. None may reject: a rejection would be an error of the request. */
  async over(): Promise<void> {
    for (let done = 0; done < this.#held.length; done++) await this.#held[done]
  }
}

/** Puts a fake context where Vercel's runtime has its own. */
function onVercel({ globals }: Edge): Context {
  const context = new Context()
  globals[Symbol.for('@vercel/request-context')] = { get: () => context }
  return context
}

const timed = async <T>(work: Promise<T>): Promise<[T, number]> => {
  const startedAt = performance.now()
  return [await work, performance.now() - startedAt]
}

const names = ({ collector }: Edge) => collector.spans.map(({ name }) => name)

test('the virtual machine has no `AbortSignal.any`, no global `AsyncLocalStorage` and no `process`', async () => {
  await using edge = await startEdge({ storage: false })
  const { AbortSignal, AsyncLocalStorage, process, EdgeRuntime } = edge.globals as never as Record<string, { any?: unknown } | string>
  expect([(AbortSignal as { any?: unknown }).any, AsyncLocalStorage, process, EdgeRuntime]).toEqual([undefined, undefined, undefined, 'edge-runtime'])
})

describe.each([
  ['with AsyncLocalStorage', true],
  ['without AsyncLocalStorage', false],
])('on @edge-runtime/vm, %s', (_what, storage) => {
  test('spans are delivered after the response, in one export', async () => {
    await using edge = await startEdge({ storage })
    const context = onVercel(edge)
    const response = await edge.handlers.orders(edge.request('/orders?sig=secret'))
    expect([response.status, await response.json()]).toEqual([200, { path: '/orders' }])
    await context.over()
    expect(names(edge)).toEqual(['SELECT orders', 'left open', 'GET'])
    expect(edge.collector.requests).toHaveLength(1)
    expect(edge.collector.spans.at(-1)).toMatchObject({
      kind: 'server',
      attributes: { 'http.request.method': 'GET', 'url.path': '/orders', 'url.query': 'sig=REDACTED', 'http.response.status_code': 200 },
    })
    expect(edge.reports).toMatchObject([{ outcome: 'delivered', phase: 'after-response', spans: { acknowledged: 3, endedByDispose: 1 } }])
    expect(edge.warnings).toEqual([])
  })

  test('the spans of `openInvocation()` are acknowledged when its scope has been left', async () => {
    await using edge = await startEdge({ storage })
    await edge.handlers.opened()
    expect(names(edge)).toEqual(['child', 'left open', 'script'])
  })

  test.each([
    ['takes 500 ms', { delayMs: 500 }, 'delivered'],
    ['hangs', 'hang', 'timed_out'],
  ] as const)('a collector that %s does not delay the response', async (_what, behavior, outcome) => {
    await using edge = await startEdge({ storage, behavior, options: { timeoutMs: 700 } })
    const context = onVercel(edge)
    const response = await edge.handlers.orders(edge.request())
    expect(await response.json()).toEqual({ path: '/orders' })
    expect([edge.reports, edge.collector.spans]).toEqual([[], []])
    await expect.poll(() => edge.reports.map((report) => report.outcome)).toEqual([outcome])
    // The next flush of the isolate sends again what was not acknowledged.
    edge.collector.behave('ok')
    edge.collector.release({ status: 400 })
    await edge.handlers.orders(edge.request('/again'))
    await context.over()
    expect(names(edge).filter((name) => name === 'GET')).toHaveLength(2)
  })

  test('an error reaches the platform as it was thrown, and the spans are delivered', async () => {
    await using edge = await startEdge({ storage })
    const context = onVercel(edge)
    const thrown = await edge.handlers.fail(edge.request()).catch((error: unknown) => error)
    expect(thrown).toBe(edge.problem)
    await context.over()
    expect(edge.collector.spans).toMatchObject([{ name: 'GET', attributes: { 'error.type': 'RangeError' }, status: { code: 'error' } }])
  })

  test('a streamed body is not changed, and the root span ends with it', async () => {
    await using edge = await startEdge({ storage, behavior: { delayMs: 500 } })
    const context = onVercel(edge)
    const response = await edge.handlers.stream(edge.request())
    expect(response.headers.get('x-lines')).toBe('3')
    expect(await response.text()).toBe('line 1\nline 2\nline 3\n')
    expect(edge.collector.spans).toEqual([])
    await context.over()
    const [root] = edge.collector.spans
    expect(Number((root?.endTimeUnixNano ?? 0n) - (root?.startTimeUnixNano ?? 0n)) / 1e6).toBeGreaterThan(75)
  })

  test('where nothing keeps the function alive, the response waits for its flush, and one warning says so', async () => {
    await using edge = await startEdge({ storage })
    for (let request = 1; request <= 2; request++) {
      const response = await edge.handlers.orders(edge.request())
      expect(edge.collector.spans).toHaveLength(3 * request)
      await response.text()
    }
    expect(edge.warnings).toEqual([expect.stringMatching(/^flushed: edge cannot flush after the response here.*has `waitUntil`.* option.*Vercel.*Supabase/)])
  })

  test('where nothing keeps the function alive, a collector that hangs delays the response for `timeoutMs`, and no longer', async () => {
    await using edge = await startEdge({ storage, behavior: 'hang', options: { timeoutMs: 200, flush: 'before-response' } })
    const [response, tookMs] = await timed(edge.handlers.orders(edge.request()))
    expect(response.status).toBe(200)
    expect(tookMs).toBeGreaterThan(195)
    expect(tookMs).toBeLessThan(1000)
    expect(edge.reports).toMatchObject([{ outcome: 'timed_out', phase: 'before-response' }])
    // The flush before the response was asked for, so the only warning is that of the flush.
    expect(edge.warnings).toEqual([expect.stringContaining('timed_out after')])
  })
})

describe('on @edge-runtime/vm', () => {
  test('work that the handler hands to its context belongs to the invocation, and delays neither response nor first flush', async () => {
    await using edge = await startEdge()
    const context = new Context()
    const response = await edge.handlers.later(edge.request('/orders', { method: 'POST' }), context)
    expect(response.status).toBe(202)
    await context.over()
    expect(edge.reports.map(({ phase, spans }) => [phase, spans.acknowledged, spans.endedByDispose])).toEqual([['after-response', 1, 0], ['background', 1, 0]])
    expect(names(edge)).toEqual(['POST', 'audit'])
  })

  test('twenty concurrent requests keep their spans apart, with one export for each', async () => {
    await using edge = await startEdge()
    const context = onVercel(edge)
    const responses = await Promise.all(Array.from({ length: 20 }, () => edge.handlers.orders(edge.request())))
    expect(responses.map(({ status }) => status)).toEqual(Array(20).fill(200))
    await context.over()
    expect(edge.collector.requests.map(({ spans }) => spans.map(({ traceId }) => traceId)).every(([first, ...others]) => others.every((id) => id === first))).toBe(true)
    expect([edge.collector.spans.length, edge.collector.requests.length]).toEqual([60, 20])
  })
})
