/** Specifies servers beside OpenTelemetry's instrumentations of `http` and of Express, in a real process. */
import { type CollectedSpan, startCollector } from 'flushed/testing'
import { describe, expect, test } from 'vitest'
import { type Server, type Settings, answered, startServer } from './process.ts'

type Tree = { [span: string]: Tree }

/** The spans of one request, as a tree of their kinds and names. */
async function treeOf(server: Server, settings: Settings): Promise<Tree> {
  await using collector = await startCollector()
  using app = await startServer(server, collector, settings)
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
    const tree = await treeOf('express', { instrumented: {} })
    expect(tree).toEqual({ 'server GET /orders/:id': { 'internal middleware - flushed': { [ROOT]: {} }, ...handled } })
  })

  test('and the handler’s spans are below the root span, if that instrumentation ignores the layer of `flushed`', async () => {
    const tree = await treeOf('express', { instrumented: { ignoreLayers: ['middleware - flushed'] } })
    expect(tree).toEqual({ 'server GET /orders/:id': { [ROOT]: handled } })
  })

  test('even if a span is active that has ended, as one of a middleware in front has', async () => {
    const { 'server GET /orders/:id': tree } = await treeOf('express', { layer: 'ended', instrumented: { ignoreLayersType: ['middleware', 'request_handler'] } })
    expect(tree).toEqual({ 'internal layer': { [ROOT]: { 'internal load': {} } } })
  })

  test('whatever spans are in between on Hono', async () => {
    const tree = await treeOf('hono', { layer: 'open', instrumented: {} })
    expect(tree).toEqual({ 'server GET': { 'internal layer': { [ROOT]: { 'internal load': {} } } } })
  })
})
