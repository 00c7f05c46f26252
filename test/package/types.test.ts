/** Specifies the declarations of the built package, mostly in programs without Node's types: those of Workers and of the edge. */
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { root } from '../support/project.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))

const ENTRIES = ['flushed', ...['otel', 'lambda', 'workers', 'edge', 'next', 'hono', 'decorators', 'testing'].map((name) => `flushed/${name}`)]

/** Compiles a program that uses the package. @returns the compiler's errors, those in declarations included */
function errorsOf(file: string, source: string, more?: ts.CompilerOptions): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    types: [],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    ...more,
  }
  const host = ts.createCompilerHost(options)
  const path = resolve(folder, file)
  const { getSourceFile, fileExists } = host
  host.fileExists = (name) => name === path || fileExists(name)
  host.getSourceFile = (name, settings, ...rest) =>
    name === path ? ts.createSourceFile(name, source, settings) : getSourceFile(name, settings, ...rest)
  return ts.getPreEmitDiagnostics(ts.createProgram([path], options, host)).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

/** A project with the package installed as a copy: through a link, the compiler could name anything in the package by its path. */
function installed(name: string): string {
  const project = resolve(root, '.cache', name)
  rmSync(project, { recursive: true, force: true })
  for (const path of ['package.json', 'dist']) {
    cpSync(resolve(root, path), `${project}/node_modules/flushed/${path}`, { recursive: true, filter: (from) => !/\.(c?js|map)$/.test(from) })
  }
  // Otherwise the project would be a part of this repository's package, and have its name.
  writeFileSync(`${project}/package.json`, '{ "private": true }')
  return project
}

describe.each(['program.mts', 'program.cts'] as const)('without Node’s types, in a %s', { timeout: 120_000 }, (file) => {
  test('all entries that do not need Node compile, with known types only', () => {
    const lines = ENTRIES.map((entry, n) => `import * as entry${n} from '${entry}'; export const used${n} = entry${n}`)
    expect(errorsOf(file, lines.join('\n'))).toEqual([])
  })

  test('a Worker, an edge function and a Hono middleware compile', () => {
    const worker = `
      import { span, withTelemetry } from 'flushed/workers'
      import { type DrainOptions, type HonoOptions, telemetry } from 'flushed/hono'
      import { withTelemetry as atTheEdge } from 'flushed/edge'
      const options: HonoOptions & DrainOptions = { drainMs: 1000, timeoutMs: 500 }
      export const middleware = telemetry(options)
      export const worker = withTelemetry({
        async fetch(request: Request): Promise<Response> {
          using sql = span('SELECT orders')
          return new Response(sql.spanContext().traceId + request.url)
        },
      })
      export const GET = atTheEdge(async (request: Request) => Response.json({ url: request.url }), { route: '/orders' })`
    expect(errorsOf(file, worker)).toEqual([])
  })

  test('a property that a span does not have is an error', () => {
    const errors = errorsOf(file, `import { span } from 'flushed'; span('x').nope.foo()`)
    expect(errors).toEqual(["Property 'nope' does not exist on type 'DisposableSpan'."])
  })
})

const HOLDERS = ['flushed', ...['lambda', 'workers', 'edge', 'next', 'hono', 'decorators', 'node', 'express', 'fastify'].map((name) => `flushed/${name}`)]

test.each(HOLDERS)('a project that emits declarations can export what it gets from %s', { timeout: 120_000 }, (entry) => {
  const holder = `
    import { adopt, currentInvocation, span } from '${entry}'
    export const open = () => ({ span: span('open'), invocation: currentInvocation(), timer: adopt({ end() {} }) })
    export class Order { span = span('order'); invocation = currentInvocation() }`
  const errors = errorsOf(`${installed('declarations')}/program.mts`, holder, {
    declaration: true,
    types: ['node'],
    typeRoots: [resolve(root, 'node_modules/@types')],
    skipLibCheck: true,
  })
  expect(errors).toEqual([])
})

test('a compiler that ignores `exports` finds the types of all entries that do not need Node', { timeout: 120_000 }, () => {
  const project = installed('node10')
  const entries = [...ENTRIES, 'flushed/lambda/register', 'flushed/lambda/register/shutdown-only']
  const lines = entries.map((entry, n) => `import * as entry${n} from '${entry}'; export const used${n} = entry${n}`)
  const typo = `import { withTelemetry } from 'flushed/lambda'; withTelemetry(async () => {}, { timoutMs: 1 })`
  const errors = errorsOf(`${project}/program.ts`, [...lines, typo].join('\n'), {
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    ignoreDeprecations: '6.0',
  })
  expect(errors).toEqual([expect.stringContaining(`'timoutMs' does not exist in type 'LambdaOptions`)])
})
