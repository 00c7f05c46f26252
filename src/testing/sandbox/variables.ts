/**
 * The environment variables of a Lambda function.
 * Source: AWS Lambda developer guide, "Defined runtime environment variables".
 *
 * @module
 */
import { basename, dirname } from 'node:path'
import { checkHandler, checkLambda } from './options.ts'
import type { Handler } from './options.ts'
import type { LambdaOptions } from './types.ts'

export const region = 'us-east-1'

/** Options with every default filled in. */
export interface Settings {
  readonly taskRoot: string
  readonly handler: string
  readonly functionName: string
  readonly functionVersion: string
  readonly functionArn: string
  readonly memorySizeMb: number
  readonly timeoutMs: number
  readonly initTimeoutMs: number
  readonly earlyReturn: boolean
  readonly graceMs: number
  /** Absent: one invocation at a time, and a freeze after each. */
  readonly concurrency: number | undefined
}

function split(handler: LambdaOptions['handler']): Handler {
  const parts = typeof handler === 'string' ? { taskRoot: dirname(handler), name: basename(handler) } : handler
  checkHandler(handler, parts)
  return parts
}

/** Checks the options and fills in the defaults. @throws a `TypeError` that names the bad option and quotes its value */
export function settings(options: LambdaOptions): Settings {
  checkLambda(options)
  const { functionName = 'flushed-test' } = options
  const { taskRoot, name } = split(options.handler)
  return {
    taskRoot,
    handler: name,
    functionName,
    functionVersion: options.functionVersion ?? '$LATEST',
    functionArn: `arn:aws:lambda:${region}:123456789012:function:${functionName}`,
    memorySizeMb: options.memorySizeMb ?? 128,
    timeoutMs: options.timeoutMs ?? 3000,
    initTimeoutMs: options.initTimeoutMs ?? 10_000,
    earlyReturn: options.earlyReturn ?? true,
    // What internal extensions get between SIGTERM and SIGKILL, alone and beside an external one.
    graceMs: options.externalExtension === true ? 300 : 500,
    concurrency: options.concurrency,
  }
}

/** The whole environment of the process. Nothing else of the test's leaks in, as a test runner's `NODE_OPTIONS` would. */
export function variables(settled: Settings, port: number, extra: Readonly<Record<string, string>>): Record<string, string> {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/')
  const own: Record<string, string | undefined> = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    AWS_LAMBDA_FUNCTION_NAME: settled.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: settled.functionVersion,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settled.memorySizeMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${settled.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `${day}/[${settled.functionVersion}]${process.pid}`,
    AWS_LAMBDA_INITIALIZATION_TYPE: settled.concurrency === undefined ? 'on-demand' : 'lambda-managed-instances',
    AWS_LAMBDA_MAX_CONCURRENCY: settled.concurrency?.toString(),
    LAMBDA_TASK_ROOT: settled.taskRoot,
    _HANDLER: settled.handler,
    ...extra,
  }
  return Object.fromEntries(Object.entries(own).filter((pair): pair is [string, string] => pair[1] !== undefined))
}
