/** The declarations of the built package, as programs see them that have no types of Node: those of Workers and of the edge. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { root } from '../support/project.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))

const ENTRIES = ['flushed', ...['otel', 'lambda', 'workers', 'edge', 'next', 'hono', 'decorators', 'testing'].map((name) => `flushed/${name}`)]

/** Compiles a program that uses the package. @returns what the compiler has to say, of declarations as well */
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

describe.each(['program.mts', 'program.cts'] as const)('without types of Node, in a %s', { timeout: 120_000 }, (file) => {
  test('all entries that need no Node are of known types alone', () => {
    const lines = ENTRIES.map((entry, n) => `import * as entry${n} from '${entry}'; export const used${n} = entry${n}`)
    expect(errorsOf(file, lines.join('\n'))).toEqual([])
  })

  test('a Worker and what runs on the edge compile', () => {
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

  test('what a span has not is an error', () => {
    const errors = errorsOf(file, `import { span } from 'flushed'; span('x').nope.foo()`)
    expect(errors).toEqual(["Property 'nope' does not exist on type 'DisposableSpan'."])
  })
})

test('where `exports` are not looked at, all entries that need no Node have their types, too', { timeout: 120_000 }, () => {
  // Nor is a package found there by its own name.
  const project = resolve(root, '.cache/node10')
  rmSync(project, { recursive: true, force: true })
  mkdirSync(`${project}/node_modules`, { recursive: true })
  symlinkSync(root, `${project}/node_modules/flushed`, 'junction')
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
