/**
 * Finding and loading a function's handler, as a Lambda runtime does.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

type Handler = (...args: unknown[]) => unknown

/** A handler, and how to call it. */
export interface LoadedHandler {
  readonly handler: Handler
  readonly streaming: boolean
}

/** An error whose `name` is the error type that Lambda reports. */
export class RuntimeError extends Error {
  constructor(errorType: string, message: string) {
    super(message)
    this.name = errorType
  }
}

/** Whether the function has asked to run without `globalThis.awslambda`. */
export const withoutLambdaGlobals = (): boolean =>
  ['1', 'true'].includes(process.env['AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA'] ?? '')

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const find = (module: unknown, path: string): unknown =>
  path.split('.').reduce((found, key) => (isObject(found) ? found[key] : undefined), module)

async function importFirst(path: string): Promise<unknown> {
  const file = ['', '.js', '.mjs', '.cjs'].map((extension) => path + extension).find((candidate) => existsSync(candidate))
  if (file === undefined) throw new RuntimeError('Runtime.ImportModuleError', `Error: Cannot find module '${path}'`)
  try {
    return await import(pathToFileURL(file).href)
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeError('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`)
    throw error
  }
}

/**
 * Loads `name` (`orders.handler`, `nested/orders.api.handler`) below `taskRoot`.
 *
 * @throws an error whose name is the type Lambda would report, or what the module threw
 */
export async function loadHandler(taskRoot: string, name: string): Promise<LoadedHandler> {
  const [, file, path] = /^([^.]+)\.(.+)$/.exec(basename(name)) ?? []
  if (file === undefined || path === undefined) throw new RuntimeError('Runtime.MalformedHandlerName', 'Bad handler')
  const module = await importFirst(resolve(taskRoot, dirname(name), file))
  const handler = find(module, path) ?? find(find(module, 'default'), path)
  if (typeof handler !== 'function') throw new RuntimeError('Runtime.HandlerNotFound', `${name} is undefined or not exported`)
  const mode: unknown = Reflect.get(handler, Symbol.for('aws.lambda.runtime.handler.streaming'))
  if (mode && mode !== 'response') throw new RuntimeError('Runtime.MalformedStreamingHandler', 'Only response streaming is supported.')
  const streaming = mode === 'response'
  if (!streaming && handler.length >= 3) {
    // Node 24's runtime refuses what looks like a callback-style handler.
    throw new RuntimeError('Runtime.CallbackHandlerDeprecated', 'Callback-based handlers are not supported any more')
  }
  return { handler: handler as Handler, streaming }
}
