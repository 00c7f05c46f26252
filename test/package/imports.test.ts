/** Specifies which module imports which at run time, types aside: only downward, and Node only where Node is present. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Manifest {
  readonly tsup: readonly { readonly entry: Readonly<Record<string, string>> }[]
}

async function importsOf(): Promise<Map<string, string[]>> {
  const { tsup } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as Manifest
  const { metafile } = await build({
    entryPoints: [...new Set(tsup.flatMap(({ entry }) => Object.values(entry)))],
    absWorkingDir: root,
    outdir: 'nowhere',
    bundle: true,
    write: false,
    metafile: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })
  return new Map(Object.entries(metafile.inputs).map(([path, { imports }]) => [path, imports.map(({ path }) => path)]))
}

const imports = await importsOf()
const edges = [...imports].flatMap(([from, all]) => all.map((to) => ({ from, to })))

test('the check covers the modules of all entries', () => {
  expect(imports.size).toBeGreaterThan(100)
})

test('no module imports itself, not even through others', () => {
  const open: string[] = []
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string): void => {
    if (open.includes(file)) cycles.push([...open.slice(open.indexOf(file)), file].join(' → '))
    if (done.has(file)) return
    done.add(file)
    open.push(file)
    for (const to of imports.get(file) ?? []) visit(to)
    open.pop()
  }
  for (const file of imports.keys()) visit(file)
  expect(cycles).toEqual([])
})

/** The floors of the house, from the ground up. A folder may import from the floors below its own. */
const FLOORS = [/^src\/core\//, /^src\/(otel|web|server)\//, /^src\/platforms\//, /^src\/decorators\//]
const floorOf = (file: string): number => FLOORS.findIndex((floor) => floor.test(file))
const platformOf = (file: string): string | undefined => /^src\/platforms\/(\w+)\//.exec(file)?.[1]

test('imports go downward', () => {
  const upward = edges.filter(({ from, to }) => floorOf(from) >= 0 && floorOf(to) > floorOf(from))
  expect(upward).toEqual([])
})

test('a platform imports no other platform, unless it is built on that one', () => {
  const between = edges.flatMap(({ from, to }) => {
    const [one, other] = [platformOf(from), platformOf(to)]
    return one && other && one !== other ? [`${one} → ${other}`] : []
  })
  expect([...new Set(between)].toSorted()).toMatchInlineSnapshot(`
    [
      "middy → lambda",
      "next → edge",
    ]
  `)
})

test('a module that runs anywhere imports nothing from Node', () => {
  const ofNode = edges.filter(({ from, to }) => to.startsWith('node:') && !/^src\/(testing|server|platforms\/(lambda|node))\//.test(from))
  expect(ofNode).toEqual([])
})

test('the modules that register on Lambda load no package, which would be part of every cold start', () => {
  const registering = edges.filter(({ from }) => /^src\/platforms\/lambda\/(register|extension\/(register|client|loop|state|timing))/.test(from))
  expect(registering.length).toBeGreaterThan(10)
  expect(registering.filter(({ to }) => !to.startsWith('src/'))).toEqual([])
})
