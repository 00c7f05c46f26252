/** Specifies the built package, as `npm pack` ships it. */
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { builtinModules, createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { bundle as bundled } from '../support/bundle.ts'
import { installNext } from '../support/next.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
const subpaths = Object.keys(manifest.exports).filter((path) => path !== './package.json')

// A folder with Next and the package installed: `flushed/next` imports Next.
const besideNext = await installNext()
const homeOf = (path: string) => (path === './next' ? besideNext : root)

/** Runs a module in a Node process of its own, in the package's folder, so that `flushed` is the built package. */
const run = (source: string, cwd = root) =>
  execFileSync(process.execPath, ['--input-type=module', '-e', source], { cwd, encoding: 'utf8' }).trim()

const bundle = (source: string, external: string[], platform: 'neutral' | 'node' = 'neutral') =>
  bundled(source, { platform, mainFields: ['module', 'main'], external })

describe('exports', () => {
  test('are exactly these', () => {
    const names = subpaths.map((path) => [path, Object.keys(createRequire(homeOf(path))(`flushed${path.slice(1)}`)).toSorted()])
    expect(Object.fromEntries(names)).toEqual({
      '.': ['adopt', 'currentInvocation', 'identity', 'isFlushedError', 'layer', 'openInvocation', 'span', 'stack', 'stages', 'telemetry', 'waitUntil', 'withTelemetry', 'wrapInfo'],
      './otel': ['otel'],
      './lambda': ['adopt', 'currentInvocation', 'span', 'telemetry', 'waitUntil', 'withTelemetry'],
      './middy': ['telemetry'],
      './workers': ['adopt', 'currentInvocation', 'span', 'telemetry', 'traced', 'tracedFetch', 'waitUntil', 'withTelemetry'],
      './edge': ['adopt', 'currentInvocation', 'span', 'telemetry', 'waitUntil', 'withTelemetry'],
      './next': ['adopt', 'after', 'currentInvocation', 'span', 'telemetry', 'waitUntil', 'withTelemetry'],
      './lambda/register': [],
      './lambda/register/shutdown-only': [],
      './decorators': ['Flushed', 'Telemetry', 'Traced', 'adopt', 'currentInvocation', 'span', 'waitUntil'],
      './node': ['adopt', 'currentInvocation', 'drain', 'span', 'waitUntil', 'withTelemetry'],
      './express': ['adopt', 'currentInvocation', 'drain', 'span', 'telemetry', 'waitUntil'],
      './fastify': ['adopt', 'currentInvocation', 'drain', 'span', 'telemetry', 'waitUntil'],
      './hono': ['adopt', 'currentInvocation', 'span', 'telemetry', 'waitUntil'],
      './testing': ['MissingProtobufError', 'defaultRuntime', 'fakeClock', 'inMemoryExporter', 'startCollector', 'startLambda', 'useClock'],
    })
  })

  test.each([
    ['without Next', root],
    ['beside Next', besideNext],
  ])('are the same for `import` and `require`, %s', (_where, home) => {
    const paths = subpaths.filter((path) => homeOf(path) === home)
    const differing = run(`
      import { createRequire } from 'node:module'
      const require = createRequire(process.cwd() + '/')
      const out = []
      for (const path of ${JSON.stringify(paths)}) {
        const name = 'flushed' + path.slice(1)
        const [esm, cjs] = [Object.keys(await import(name)).sort(), Object.keys(require(name)).sort()]
        if (esm.join() !== cjs.join()) out.push(name)
      }
      console.log(JSON.stringify(out))`, home)
    expect(JSON.parse(differing)).toEqual([])
  })
})

describe('a program that holds two copies of the package', () => {
  test('has one invocation: a wrap of one copy is a child span inside a wrap of the other', () => {
    const output = run(`
      import { createRequire } from 'node:module'
      import { trace } from '@opentelemetry/api'
      import { TracerProvider } from '@opentelemetry/sdk-trace'
      import * as esm from 'flushed'
      import { otel } from 'flushed/otel'
      const cjs = createRequire(process.cwd() + '/')('flushed')
      const exported = []
      const exporter = { export: (spans, done) => (exported.push(spans.map(({ name }) => name)), done({ code: 0 })), shutdown: async () => {} }
      const telemetry = otel({ exporter })
      trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))
      const inner = cjs.withTelemetry(async () => void cjs.span('left'), { telemetry, name: 'inner' })
      await esm.withTelemetry(async () => { await null; await inner() }, { telemetry, name: 'outer' })()
      console.log(JSON.stringify({ exported, same: esm.withTelemetry === cjs.withTelemetry }))`)
    expect(JSON.parse(output)).toEqual({ exported: [['inner', 'left', 'outer']], same: false })
  })
})

describe('a bundle', () => {
  test('of the runtime-agnostic entries contains nothing from Node, and depends on the API package alone', async () => {
    const text = await bundle(`export * from 'flushed'; export * from 'flushed/otel'`, ['@opentelemetry/api'])
    expect(text).not.toMatch(/(from|import|require)\s*\(?["']node:/)
    expect([...text.matchAll(/from"([^"]+)"/g)].map(([, name]) => name).filter((name) => name !== '@opentelemetry/api')).toEqual([])
  })

  test.each(['edge', 'next'])('of `flushed/%s` contains nothing from Node either', async (entry) => {
    const text = await bundle(`export * from 'flushed/${entry}'`, ['@opentelemetry/api', 'next'])
    expect(text).not.toMatch(/(from|import|require)\s*\(?["']node:/)
    const imported = [...text.matchAll(/from"([^"]+)"/g)].map(([, name]) => name)
    expect(imported.filter((name) => name !== '@opentelemetry/api')).toEqual(entry === 'next' ? ['next/server.js'] : [])
  })

  test('contains the registration of the extension only if it imports `flushed/lambda/register`', async () => {
    const asked = await bundle(`import 'flushed/lambda/register'; export { withTelemetry } from 'flushed/lambda'`, ['@opentelemetry/api'], 'node')
    const not = await bundle(`export { withTelemetry } from 'flushed/lambda'`, ['@opentelemetry/api'], 'node')
    expect([asked, not].map((text) => text.includes('lambda-extension-name'))).toEqual([true, false])
  })

  test('leaves out unused exports', async () => {
    const all = await bundle(`export * from 'flushed'`, ['@opentelemetry/api'])
    const one = await bundle(`export { identity } from 'flushed'`, ['@opentelemetry/api'])
    expect(one.length).toBeLessThan(all.length / 10)
  })
})

test('modules of Node are imported with `node:`, since other runtimes take a bare `fs` for a package', () => {
  const files = readdirSync(`${root}/dist`).filter((file) => /\.c?js$/.test(file))
  const imported = files.flatMap((file) => [...readFileSync(`${root}/dist/${file}`, 'utf8').matchAll(/(?:\bfrom|\brequire\(|\bimport\(?) ?['"]([^'"]+)['"]/g)].map(([, name]) => name as string))
  expect(imported).toContain('node:http')
  expect(imported.filter((name) => builtinModules.includes(name))).toEqual([])
})

test('the oldest supported Node is 22.3, the first with `process.getBuiltinModule`', () => {
  expect(manifest.engines).toEqual({ node: '>=22.3' })
  expect(readFileSync(`${root}/README.md`, 'utf8')).toContain('Node.js 22.3 or newer')
})
