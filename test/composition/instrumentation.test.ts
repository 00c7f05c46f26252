/** Specifies `flushed` beside OpenTelemetry's own Lambda instrumentation, which patches the exported handler, on the real runtime client. */
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { runtime, startFunction } from '../support/lambda.ts'
import { deploy } from './deployment.ts'

beforeAll(deploy)

const FUNCTIONS = '../../runtimes/composition/functions'
const preloaded = fileURLToPath(new URL('../runtimes/composition/functions/instrumentation.mjs', import.meta.url))
const OUTSIDE = 'a span outside the wrap is still open: flushed is not the outermost wrapper'

const start = (env: Record<string, string> = {}) =>
  startFunction(`${FUNCTIONS}/instrumented.handler`, { env: { NODE_OPTIONS: `--import ${preloaded}`, ...env }, initTimeoutMs: 30_000 })

describe(`on ${runtime}, before the response`, () => {
  test('it is outside the wrap: it adds its own root span and a second request, and `flushed` warns', async () => {
    await using lambda = await start()
    const { result, freeze } = await lambda.invoke()
    expect(result.payload).toBe('ordered')
    expect(freeze.requests).toBe(2)
    expect(freeze.spans.map(({ name, kind }) => `${kind} ${name}`)).toEqual(['internal charge', 'internal flushed-test', 'server flushed-test'])
    await expect.poll(() => lambda.logs()).toContain(`WARNINGS ["${OUTSIDE}"]`)
  })

  test('when it is disabled, the wrap’s root is the server span, in one request, without a warning', async () => {
    await using lambda = await start({ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'aws-lambda' })
    const { result, freeze } = await lambda.invoke()
    expect(result.payload).toBe('ordered')
    expect(freeze.requests).toBe(1)
    expect(freeze.spans.map(({ name, kind }) => `${kind} ${name}`)).toEqual(['internal charge', 'server flushed-test'])
    await expect.poll(() => lambda.logs()).toContain('WARNINGS []')
    expect(lambda.logs()).not.toContain('flushed: ')
  })
})
