/**
 * Specifies a handler that is wrapped twice, by any two entries of any two copies of the package, on the real runtime client: it is
 * one invocation.
 */
import { describe, expect, test } from 'vitest'
import { runtime, startFunction } from '../support/lambda.ts'

const entries = ['flushed', 'flushed/lambda', 'flushed/middy']
const wraps = [...entries, ...entries.map((entry) => `${entry}, required`)]
const pairs = wraps.flatMap((outer) => wraps.map((inner) => ({ outer, inner })))

const onLambda = (entry: string) => /lambda|middy/.test(entry)

const modes = [
  { mode: 'by itself', env: {}, pairs },
  {
    // The extension waits for a wrap that knows Lambda, in either place.
    mode: 'registered as an extension, with a wrap for Lambda inside or outside',
    env: { NODE_OPTIONS: '--import flushed/lambda/register' },
    pairs: pairs.filter(({ outer, inner }) => onLambda(outer) || onLambda(inner)),
  },
]

describe.each(modes)(`on ${runtime}, $mode`, ({ env, pairs }) => {
  test(`${pairs.length} pairs of wraps each make one root, one flush, one request and one report, without a warning`, { timeout: 60_000 }, async () => {
    await using lambda = await startFunction('../../composition/functions/twice.handler', { env })
    for (const pair of pairs) {
      for (const fail of [false, true]) {
        const lines = lambda.sandbox.logs.length
        const { result, freeze } = await lambda.invoke({ ...pair, fail })
        expect(result.ok).toBe(!fail)
        expect(result).toMatchObject(fail ? { error: { errorMessage: 'out of stock' } } : { payload: { ordered: true } })
        const what = `${pair.outer} around ${pair.inner}`
        expect(freeze.requests, what).toBe(1)
        const { outer, inner } = pair
        expect(tree(freeze.spans), what).toEqual([`${inner} > charge`, `${outer} > ${inner}`, `> ${outer}`])
        const logs = lambda.sandbox.logs.slice(lines).map(({ line }) => line)
        expect(logs.filter((line) => line.includes('REPORT')), what).toEqual([expect.stringContaining('"acknowledged":3,')])
        expect(logs.filter((line) => line.includes('flushed: ')), what).toEqual([])
      }
    }
  })
})

/** Each span, with its parent's name. */
function tree(spans: readonly { name: string; spanId: string; parentSpanId?: string | undefined }[]): string[] {
  return spans.map(({ name, parentSpanId }) =>
    `${spans.find(({ spanId }) => spanId === parentSpanId)?.name ?? ''} > ${name}`.trim())
}
