/** What bundlers that minify leave of class names, after which spans are named. */
import { describe, expect, test } from 'vitest'
import { bundle } from '../support/bundle.ts'

const source = `
  import { Flushed } from 'flushed/decorators'
  const names = []
  const span = { isRecording: () => true, setAttribute() {}, setStatus() {}, end() {}, spanContext: () => ({ traceId: '1'.repeat(32), spanId: '1'.repeat(16) }) }
  const tracer = { startSpan: (name) => (names.push(name), span) }
  const options = { telemetry: { stages: [], tracer: () => tracer }, logger: false }
  class Orders {
    @Flushed(options) async create() {}
    @Flushed({ ...options, name: 'orders remove' }) async remove() {}
  }
  const orders = new Orders()
  await orders.create()
  await orders.remove()
  export default names`

describe.each([
  ['standard', false],
  ['legacy', true],
])('with %s decorators', (_kind, experimentalDecorators) => {
  const namesOf = async (keepNames: boolean): Promise<string[]> => {
    const stdin = { contents: source, resolveDir: import.meta.dirname, loader: 'ts' as const }
    const text = await bundle('', { stdin, keepNames, target: 'es2022', platform: 'node', tsconfigRaw: { compilerOptions: { experimentalDecorators } } })
    const module = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(text)}`)) as { default: string[] }
    return module.default
  }

  test('minifying renames a class in its span names, but neither its methods nor the option `name`', async () => {
    const [byDefault, named] = await namesOf(false)
    expect(byDefault).toMatch(/^[\w$]{1,3}\.create$/)
    expect(named).toBe('orders remove')
  })

  test('`keepNames` keeps the names of the source', async () => {
    expect(await namesOf(true)).toEqual(['Orders.create', 'orders remove'])
  })
})
