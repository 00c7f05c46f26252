/** Specifies durable functions: AWS's own SDK on the real runtime client, with a fake of the service that stores their state. */
import { beforeAll, describe, expect, test } from 'vitest'
import { runtime } from '../support/lambda.ts'
import { type Seen, deploy, startFunction } from './deployment.ts'
import { startExecution } from './executions.ts'

beforeAll(deploy)

const PENDING = { Status: 'PENDING' }
const ours = (logs: readonly string[]) => logs.filter((line) => line.includes('flushed: '))
const told = ({ spans }: Seen) =>
  spans.map(({ name, attributes }) => (attributes['flushed.unfinished'] ? `${name}, left open` : name))
const root = ({ spans }: Seen) => spans.at(-1)

const modes = [
  { mode: 'before the response', imports: [] },
  { mode: 'after the response', imports: ['--import flushed/lambda/register'] },
]

describe.each(modes)(`on ${runtime}, $mode`, ({ imports }) => {
  const start = (handler: string, env: Record<string, string>) =>
    startFunction(`functions/${handler}`, { ...env, NODE_OPTIONS: imports.join(' ') })

  test('spans open at a suspension are ended and delivered; the rest follow when the execution resumes', async () => {
    await using execution = await startExecution({ id: 1 })
    await using lambda = await start('durable.handler', execution.env)

    const suspended = await lambda.invoke(execution.next())
    expect(suspended.result.payload).toEqual(PENDING)
    expect(told(suspended)).toEqual(['charge', 'approve, left open', 'flushed-test'])
    expect(root(suspended)).toMatchObject({
      status: { code: 'unset' },
      attributes: { 'faas.trigger': 'other', 'durable.execution.arn': execution.arn, 'durable.invocation.status': 'PENDING' },
    })

    const resumed = await lambda.invoke(execution.next())
    expect(resumed.result.payload).toEqual({ Status: 'SUCCEEDED', Result: '{"charged":"chair"}' })
    // A step runs once. The code around it runs in each invocation.
    expect(told(resumed).slice(-2)).toEqual(['approve', 'flushed-test'])
    expect(root(resumed)?.attributes).toMatchObject({ 'durable.invocation.status': 'SUCCEEDED' })
    expect(ours(lambda.logs)).toEqual([])
  })

  test('an execution whose handler throws marks the root span as failed, although the invocation returns', async () => {
    await using execution = await startExecution({ id: 1, fail: true })
    await using lambda = await start('durable.handler', execution.env)
    await lambda.invoke(execution.next())
    const failed = await lambda.invoke(execution.next())
    expect(failed.result).toMatchObject({ ok: true, payload: { Status: 'FAILED' } })
    expect(root(failed)).toMatchObject({
      status: { code: 'error', message: 'out of stock' },
      attributes: { 'error.type': 'RangeError', 'durable.invocation.status': 'FAILED' },
      events: [expect.objectContaining({ name: 'exception' })],
    })
  })
})

test(`on ${runtime}, a wrap inside the SDK’s is logged once, with the advice to put it outside`, async () => {
  await using execution = await startExecution({ id: 1 })
  await using lambda = await startFunction('functions/durable.inside', execution.env)
  const suspended = await lambda.invoke(execution.next())
  expect(suspended.result.payload).toEqual(PENDING)
  await lambda.invoke(execution.next())
  expect(ours(lambda.logs)).toEqual([expect.stringContaining('wrap what `withDurableExecution` returns')])
})
