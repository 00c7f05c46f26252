/** Specifies what the built package adds to a bundle, minified by esbuild and gzipped, as wrangler would. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { bundle as bundled } from '../support/bundle.ts'

const API = '@opentelemetry/api'

const bundle = (source: string, external: string[]) =>
  bundled(source, {
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['browser', 'module', 'main'],
    external: [...external, 'next/server.js'],
  })

const wrapOf = (entry: string) => `export { withTelemetry } from '${entry}'; export { otel } from 'flushed/otel';`
const HONO = `export { telemetry } from 'flushed/hono'; export { otel } from 'flushed/otel';`
const SDK = `
  export { TracerProvider } from '@opentelemetry/sdk-trace'
  export { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
  export { trace } from '${API}'`

describe('a bundle keeps its budget of kilobytes', () => {
  test.each([
    ['`withTelemetry` of `flushed`', `export { withTelemetry } from 'flushed'`, [API], 7.9],
    ['`flushed/workers` and `flushed/otel`', wrapOf('flushed/workers'), [API], 16.85],
    ['`flushed/edge` and `flushed/otel`', wrapOf('flushed/edge'), [API], 15.75],
    ['`flushed/hono` and `flushed/otel`', HONO, [API], 21.4],
    ['`flushed/workers`, `flushed/otel`, OpenTelemetry’s SDK 3 and its OTLP exporter', wrapOf('flushed/workers') + SDK, [], 30.9],
  ])('%s', async (_what, source, external, budget) => {
    const size = gzipSync(await bundle(source, external), { level: 9 }).length / 1000
    expect(size).toBeLessThanOrEqual(budget)
    // A budget that is far from being spent is not a budget.
    expect(size).toBeGreaterThan(budget * 0.9)
  })
})

describe('a bundle with `withTelemetry` of `flushed` grows within its budget of kilobytes', () => {
  const sizeOf = async (source: string) => gzipSync(await bundle(`export { withTelemetry } from 'flushed'; ${source}`, [API]), { level: 9 }).length / 1000

  test.each([
    ['`flushed/decorators`', `export { Flushed, Telemetry, Traced } from 'flushed/decorators'`, 3.9],
    ['`@Traced` alone', `export { Traced } from 'flushed/decorators'`, 2.2],
  ])('%s', async (_what, source, budget) => {
    const more = (await sizeOf(source)) - (await sizeOf(''))
    expect(more).toBeLessThanOrEqual(budget)
    expect(more).toBeGreaterThan(budget * 0.9)
  })
})

test.each(['flushed', 'flushed/workers', 'flushed/edge', 'flushed/next', 'flushed/hono', 'flushed/decorators', 'flushed/otel'])('%s imports nothing from Node', async (entry) => {
  const text = await bundle(`export * from '${entry}'`, [API])
  expect(text.match(/from\s*"(?!@opentelemetry\/api|next\/server\.js)[^"]+"/g)).toBeNull()
  expect(text).not.toMatch(/\brequire\(|import\(/)
})

test('a bundle of `flushed/workers` leaves out `tracedFetch` if it is not used', async () => {
  const text = await bundle(wrapOf('flushed/workers'), [API])
  expect(text).not.toContain('url.full') // an attribute of `tracedFetch`
})
