import { startLambda } from 'flushed/testing'
import type { InvokeOptions, LambdaOptions } from 'flushed/testing'
import { expect, test } from 'vitest'
import { fixture } from './runtimes.ts'

const handler = fixture('handlers', 'echo')
const noHandler = "option `handler` must be an absolute path and an export, such as '/app/orders.handler', got"

test.each<[unknown, string]>([
  [{}, `${noHandler} undefined`],
  [{ handler: null }, `${noHandler} null`],
  [{ handler: { taskRoot: '/app' } }, `${noHandler} {"taskRoot":"/app"}`],
  [{ handler: { taskRoot: 7, name: 'a.b' } }, `${noHandler} {"taskRoot":7,`],
  [undefined, 'option `options` must be an object, got undefined'],
  [{ handler, timeoutMS: 5 }, 'unknown option `timeoutMS`; the options are `handler`, `runtime`'],
  [{ handler, timeoutMs: '5' }, 'option `timeoutMs` must be a positive number of milliseconds, got "5"'],
  [{ handler, initTimeoutMs: 0 }, 'option `initTimeoutMs` must be a positive number of milliseconds, got 0'],
  [{ handler, memorySizeMb: Number.NaN }, 'option `memorySizeMb` must be a positive number, got NaN'],
  [{ handler, concurrency: 1.5 }, 'option `concurrency` must be a positive integer, got 1.5'],
  [{ handler, earlyReturn: 'no' }, 'option `earlyReturn` must be a boolean, got "no"'],
  [{ handler, externalExtension: 1 }, 'option `externalExtension` must be a boolean, got 1'],
  [{ handler, env: 'A=1' }, 'option `env` must be an object, got "A=1"'],
  [{ handler, functionName: '' }, 'option `functionName` must be a non-empty string, got ""'],
  [{ handler, runtime: process.execPath }, 'option `runtime` must be an object with `command`, a path, got'],
  [{ handler, runtime: {} }, 'option `runtime` must be an object with `command`, a path, got {}'],
  [{ handler, extensions: { refused: 'hang' } }, 'unknown option `refused`; the options are `refuse`, `answerAfterMs`, `resetNext`'],
  [{ handler, extensions: { refuse: 'hangs' } }, 'got "hangs"'],
  [{ handler, extensions: { answerAfterMs: -1 } }, 'option `answerAfterMs` must be a number of milliseconds, got -1'],
  [{ handler, extensions: { resetNext: 0 } }, 'option `resetNext` must be a positive integer, got 0'],
])('startLambda(%j) is refused', async (options, message) => {
  const refused = startLambda(options as LambdaOptions)
  await expect(refused).rejects.toThrow(message)
  await expect(refused).rejects.toMatchObject({ name: 'TypeError', code: 'FLUSHED_INVALID_OPTION' })
})

test.each<[unknown, string]>([
  [{ requestID: 'r-1' }, 'unknown option `requestID`; the options are `disconnect`, `requestId`'],
  [{ requestId: 1 }, 'option `requestId` must be a non-empty string of ASCII without spaces, got 1'],
  [{ requestId: 'naïve' }, 'option `requestId` must be a non-empty string of ASCII without spaces, got "naïve"'],
  [{ traceId: ' Root=1' }, 'option `traceId` must be a non-empty string of ASCII without spaces, got " Root=1"'],
  [{ functionArn: 'arn:日本' }, 'option `functionArn` must be a non-empty string of ASCII without spaces, got "arn:日本"'],
  [{ clientContext: 7n }, 'option `clientContext` must be what JSON can express, got 7n'],
  [{ cognitoIdentity: () => 1 }, 'option `cognitoIdentity` must be what JSON can express, got () => 1'],
  [{ disconnect: {} }, 'option `disconnect` must be an object with `afterBytes`, got {}'],
  [{ disconnect: { afterBytes: '3' } }, 'option `afterBytes` must be a number of bytes, got "3"'],
  [{ disconnect: { afterBytes: 3, whose: 'client' } }, "option `whose` must be 'caller' or 'runtime', got \"client\""],
])('an invocation with %o is refused, and never begins', async (options, message) => {
  await using lambda = await startLambda({ handler })
  await expect(lambda.invoke({}, options as InvokeOptions)).rejects.toThrow(message)
  expect((await lambda.invoke({})).ok).toBe(true)
  expect(lambda.record.filter(({ kind }) => kind === 'runtime.invoke')).toHaveLength(1)
})

test.each<[unknown, string]>([
  [() => 1, '`event` must be what JSON can express, got () => 1'],
  [Symbol('s'), '`event` must be what JSON can express, got Symbol(s)'],
  [7n, '`event` must be what JSON can express, got 7n'],
  [{ big: 7n }, '`event` must be what JSON can express, got object'],
])('an invocation with the event %o is refused, and the next one runs in the same process', async (event, message) => {
  await using lambda = await startLambda({ handler })
  const refused = lambda.invoke(event)
  await expect(refused).rejects.toThrow(message)
  await expect(refused).rejects.toMatchObject({ name: 'TypeError', code: 'FLUSHED_INVALID_OPTION' })
  expect((await lambda.invoke(undefined)).payload).toMatchObject({ event: null })
  expect(lambda.record.filter(({ kind }) => ['spawn', 'runtime.invoke'].includes(kind))).toHaveLength(2)
})
