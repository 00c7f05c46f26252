/** Specifies the examples for Lambda, bundled as `template.yaml` says, on the real runtime client. */
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { bundleInto } from '../../examples/demo/lambda/bundle.ts'
import { orderOf } from '../../examples/demo/lambda/event.ts'
import { count, warnings } from '../support/extension.ts'
import { type LambdaSetup, rootOf, runtime, startFunction } from '../support/lambda.ts'

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const bundles = folder('../../.cache/examples/')

// One build for each function, like the template's.
const start = async (entryPoints: string[], handler: string, setup: LambdaSetup = {}) => {
  const outdir = `${bundles}${basename(handler, '.handler')}`
  await bundleInto(outdir, entryPoints)
  return startFunction(`../../../.cache/examples/${basename(handler, '.handler')}/${handler}`, setup)
}

const SLOW = { delayMs: 500 }

describe.each([
  ['orders/after-response.ts, registered by `import`', ['orders/after-response.ts'], 'after-response.handler', {}],
  ['orders/flushed.ts, registered by `--import`', ['orders/flushed.ts', 'register.ts'], 'orders/flushed.handler', { NODE_OPTIONS: `--import ${bundles}flushed/register.mjs` }],
])(`on ${runtime}, %s`, (_what, entryPoints, handler, env) => {
  test('answers before the collector, and every span is acknowledged at the freeze', async () => {
    await using lambda = await start(entryPoints, handler, { behavior: SLOW, env })
    for (let request = 0; request < 3; request++) {
      const { result, freeze } = await lambda.invoke(orderOf(2))
      expect(result.payload).toMatchObject({ statusCode: 201 })
      expect(freeze.spans).toHaveLength(9)
      if (request > 0) expect(result.responseMs).toBeLessThan(SLOW.delayMs)
    }
    expect(count(lambda, 'extension.invoke')).toBe(3)
    expect(warnings(lambda)).toEqual([])
  })
})

test(`on ${runtime}, functions/background.ts answers before its audit, which is done and delivered before the freeze`, async () => {
  await using lambda = await start(['functions/background.ts'], 'background.handler')
  for (let request = 0; request < 3; request++) {
    const { result, freeze } = await lambda.invoke(orderOf(1))
    expect(result.payload).toMatchObject({ statusCode: 202 })
    const audit = freeze.spans.find(({ name }) => name === 'audit')
    expect(audit?.attributes).toEqual({ 'order.customer': 'known-4711', 'audit.written': true })
    expect(audit?.parentSpanId).toBe(rootOf(freeze.spans)?.spanId)
    if (request > 0) expect(result.responseMs).toBeLessThan(145)
    expect((await result.frozen).afterMs).toBeGreaterThan(145)
  }
  expect(warnings(lambda)).toEqual([])
})

test(`on ${runtime}, functions/stream.ts sends lines as they are made, and flushes after the last one`, async () => {
  await using lambda = await start(['functions/stream.ts'], 'stream.handler', { behavior: SLOW })
  for (let request = 0; request < 2; request++) {
    const { result, freeze } = await lambda.invoke(orderOf(1))
    expect(result).toMatchObject({ ok: true, prelude: { statusCode: 200 } })
    expect(String(result.payload).split('\n')).toEqual(['month,orders', 'January,1200', 'February,1237', 'March,1274', ''])
    expect(result.chunks.length).toBeGreaterThan(1)
    expect(freeze.spans.map(({ name }) => name)).toEqual([...Array(3).fill('SELECT orders'), 'POST /orders'])
    if (request > 0) expect(result.responseMs).toBeLessThan(SLOW.delayMs)
  }
})

test(`on ${runtime}, controller/orders.ts: a method is the handler; spans of the methods it calls are below its root span`, async () => {
  await using lambda = await start(['controller/orders.ts'], 'orders.handler', { behavior: SLOW })
  for (let request = 0; request < 3; request++) {
    const { result, freeze } = await lambda.invoke(orderOf(2))
    expect(result.payload).toMatchObject({ statusCode: 201 })
    const root = rootOf(freeze.spans)
    expect(root).toMatchObject({ name: 'POST /orders', kind: 'server', attributes: { 'app.feature': 'orders', 'faas.trigger': 'http', 'http.response.status_code': 201 } })
    expect(freeze.spans.map(({ name }) => name)).toEqual(['parse order', 'Prices.look', 'Prices.look', 'Prices.of', 'POST /orders'])
    const lines = freeze.spans.find(({ name }) => name === 'Prices.of')
    expect(freeze.spans.map(({ parentSpanId }) => parentSpanId).slice(0, 4)).toEqual([root?.spanId, lines?.spanId, lines?.spanId, root?.spanId])
    if (request > 0) expect(result.responseMs).toBeLessThan(SLOW.delayMs)
  }
  const { result, freeze } = await lambda.invoke({ ...orderOf(1), body: 'no JSON' })
  expect(result).toMatchObject({ ok: false, payload: { errorType: 'SyntaxError' } })
  expect(freeze.spans.map(({ name, status }) => [name, status])).toEqual([
    ['parse order', expect.objectContaining({ code: 'error' })],
    ['POST /orders', expect.objectContaining({ code: 'error' })],
  ])
  expect(warnings(lambda)).toEqual([])
})

test('template.yaml deploys files that exist, and its handlers are what its entry points are bundled to', () => {
  const template = readFileSync(folder('../../examples/lambda/template.yaml'), 'utf8')
  const handlers = [...template.matchAll(/Handler: (\S+)\.handler/g)].map(([, path]) => path ?? '')
  const entryPoints = [...template.matchAll(/EntryPoints: \[([^\]]+)\]/g)].map(([, list]) => list?.split(', ') ?? [])
  expect(handlers).toHaveLength(entryPoints.length)
  for (const [index, files] of entryPoints.entries()) {
    for (const file of files) expect(existsSync(folder(`../../examples/lambda/${file}`))).toBe(true)
    // A single entry point is bundled to the top folder, several keep their folders.
    const [first = ''] = files
    expect(`${handlers[index]}.ts`).toBe(files.length > 1 ? first : basename(first))
  }
})
