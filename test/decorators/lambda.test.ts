/**
 * Specifies `@Flushed()` without a platform's `wrap`, on the real Lambda runtime client: `flushed` recognizes Lambda by the
 * context among the arguments.
 */
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { bundleInto } from '../../examples/demo/lambda/bundle.ts'
import { count, warnings } from '../support/extension.ts'
import { type LambdaSetup, runtime, startFunction } from '../support/lambda.ts'

const bundles = fileURLToPath(new URL('../../.cache/decorators/', import.meta.url))
const registered = { NODE_OPTIONS: `--import ${bundles}examples/lambda/register.mjs` }

async function start(setup: LambdaSetup) {
  await bundleInto(bundles, ['../../test/decorators/functions/plain.ts', 'register.ts'])
  return startFunction('../../../.cache/decorators/test/decorators/functions/plain.handler', setup)
}

const NAMES = ['Orders.load', 'left', 'Orders.handle']

describe(`on ${runtime}`, () => {
  test('every span is acknowledged before the response, and so before the freeze', async () => {
    await using lambda = await start({ behavior: { delayMs: 200 } })
    for (let request = 0; request < 2; request++) {
      const { result, freeze } = await lambda.invoke()
      expect(result.payload).toEqual({ statusCode: 200 })
      expect(result.responseMs).toBeGreaterThan(190)
      expect(freeze.spans.map(({ name }) => name)).toEqual(NAMES)
      expect(freeze.spans[2]).toMatchObject({ kind: 'server', attributes: { 'faas.invocation_id': result.requestId } })
    }
    expect(warnings(lambda)).toEqual([])
  })

  test('with `flushed/lambda/register` the response goes first, and every span is acknowledged by the freeze', async () => {
    await using lambda = await start({ behavior: { delayMs: 300 }, env: registered })
    for (let request = 0; request < 3; request++) {
      const { result, freeze } = await lambda.invoke({ fail: request === 2 })
      if (request > 0) expect(result.responseMs).toBeLessThan(300)
      expect(freeze.spans.map(({ name }) => name)).toEqual(NAMES)
      if (request === 2) expect(result).toMatchObject({ ok: false, payload: { errorType: 'RangeError', errorMessage: 'no such order' } })
    }
    expect(count(lambda, 'extension.invoke')).toBe(3)
    expect(warnings(lambda)).toEqual([])
  })

  test('a hung collector does not make the function time out: the flush is bounded by the time left', async () => {
    await using lambda = await start({ behavior: 'hang', timeoutMs: 800, env: { FLUSHED_TIMEOUT_MS: '5000' } })
    for (let request = 0; request < 2; request++) {
      const { result } = await lambda.invoke()
      expect(result).toMatchObject({ ok: true, payload: { statusCode: 200 } })
    }
  })
})
