/** Specifies `flushed/express` beside OpenTelemetry's instrumentations of `http` and of Express, in a real process. */
import { type CollectedSpan, startCollector } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { answered, startServer } from '../../server/process.ts'

type Tree = { [span: string]: Tree }

/** The spans of one request, as a tree of their kinds and names. */
async function treeOf(options: object): Promise<Tree> {
  await using collector = await startCollector()
  using app = await startServer('express', collector, { instrumented: options })
  expect(await answered(app.url('/orders/7'))).toBe(200)
  app.child.kill('SIGTERM')
  await app.exited
  const below = (parent: CollectedSpan | undefined): Tree =>
    Object.fromEntries(collector.spans.filter(({ parentSpanId }) => parentSpanId === parent?.spanId).map((span) => [`${span.kind} ${span.name}`, below(span)]))
  return below(undefined)
}

const ROOT = 'internal GET /orders/:id'
const handled = { 'internal request handler': { 'internal load': {} } }

describe.concurrent('a request is counted once, by the span of the `http` instrumentation', () => {
  test('whatever spans the instrumentation of Express puts in between', async () => {
    expect(await treeOf({})).toEqual({ 'server GET /orders/:id': { 'internal middleware - flushed': { [ROOT]: {} }, ...handled } })
  })

  test('and the handler’s spans are below the root span, if that instrumentation ignores the layer of `flushed`', async () => {
    expect(await treeOf({ ignoreLayers: ['middleware - flushed'] })).toEqual({ 'server GET /orders/:id': { [ROOT]: handled } })
  })
})
