/** Who imports whom, of what is left when types are gone: downward only, and Node where it is there. */
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

test('all entries of the package have been looked at', () => {
  expect(imports.size).toBeGreaterThan(100)
})

test('nothing imports itself, by whatever way', () => {
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

/** The floors of the house. A folder may import from those below its own. */
const FLOORS = [/^src\/core\//, /^src\/(otel|web|server)\//, /^src\/platforms\//, /^src\/decorators\//]
const floorOf = (file: string): number => FLOORS.findIndex((floor) => floor.test(file))
const platformOf = (file: string): string | undefined => /^src\/platforms\/(\w+)\//.exec(file)?.[1]

test('imports go downward', () => {
  const upward = edges.filter(({ from, to }) => floorOf(from) >= 0 && floorOf(to) > floorOf(from))
  expect(upward).toEqual([])
})

test('a platform imports no other, but for those that are made of one', () => {
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

test('what runs anywhere imports nothing of Node', () => {
  const ofNode = edges.filter(({ from, to }) => to.startsWith('node:') && !/^src\/(testing|server|platforms\/(lambda|node))\//.test(from))
  expect(ofNode).toEqual([])
})

test('what registers on Lambda loads no package: that would be a part of each cold start', () => {
  const registering = edges.filter(({ from }) => /^src\/platforms\/lambda\/(register|extension\/(register|client|loop|state|timing))/.test(from))
  expect(registering.length).toBeGreaterThan(10)
  expect(registering.filter(({ to }) => !to.startsWith('src/'))).toEqual([])
})
