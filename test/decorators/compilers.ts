/** What people compile decorators with, each as it comes: nothing is shared among them but the sources. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { packages, project, root } from './project.ts'

const sources = join(project, 'src')

/** How decorators are compiled: standard ones, legacy ones, and those with types compiled into metadata. */
export type Kind = 'standard' | 'legacy' | 'legacy with metadata'

const dialectOf = (kind: Kind) => (kind === 'standard' ? 'standard' : 'legacy')

const decoratorOptions = (kind: Kind) =>
  kind === 'standard' ? {} : { experimentalDecorators: true, emitDecoratorMetadata: kind !== 'legacy' }

/** A way to compile the suite. */
export interface Cell {
  readonly title: string
  readonly kind: Kind
  /** @returns the module that has the suite's `run` @throws what the compiler has to say */
  compile(): Promise<string>
}

type Compile = (kind: Kind, out: string) => Promise<string>

const versionOf = async (folder: string): Promise<string> =>
  (JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }).version

async function node(args: readonly string[], cwd: string): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, args, { cwd })
  } catch (thrown) {
    const { stdout, stderr } = thrown as { stdout?: string; stderr?: string }
    throw new Error(`${stdout}${stderr}`, { cause: thrown })
  }
}

async function writeConfig(kind: Kind, out: string): Promise<string> {
  const file = join(out, 'tsconfig.json')
  const compilerOptions = {
    target: 'ES2022',
    module: 'NodeNext',
    lib: ['ES2024', 'ESNext.Disposable', 'DOM'],
    types: [],
    strict: true,
    noImplicitOverride: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmitOnError: true,
    rootDir: sources,
    outDir: out,
    ...decoratorOptions(kind),
  }
  await writeFile(file, JSON.stringify({ compilerOptions, files: [join(sources, dialectOf(kind), 'index.ts')] }))
  return file
}

/** Types are checked too: the suite is written with the package's types of both kinds. */
const tsc =
  (compiler: string): Compile =>
  async (kind, out) => {
    await node([join(compiler, 'bin/tsc'), '-p', await writeConfig(kind, out)], project)
    return join(out, dialectOf(kind), 'index.js')
  }

const esbuild: Compile = async (kind, out) => {
  const outfile = join(out, 'index.js')
  await build({
    entryPoints: [join(sources, dialectOf(kind), 'index.ts')],
    bundle: true,
    packages: 'external',
    absWorkingDir: project,
    format: 'esm',
    target: 'es2022',
    tsconfigRaw: { compilerOptions: decoratorOptions(kind) },
    outfile,
  })
  return outfile
}

const tsup: Compile = async (kind, out) => {
  const cli = join(root, 'node_modules/tsup/dist/cli-default.js')
  const entry = join(sources, dialectOf(kind), 'index.ts')
  const args = ['--no-config', '--silent', '--format', 'esm', '--target', 'es2022', '--out-dir', out, '--tsconfig', await writeConfig(kind, out)]
  await node([cli, entry, ...args], project)
  return join(out, (await readdir(out)).find((file) => /^index\.m?js$/.test(file)) ?? 'index.js')
}

interface Swc {
  transformFile(file: string, options: object): Promise<{ code: string }>
}

const swc =
  (decoratorVersion?: '2022-03' | '2023-11'): Compile =>
  async (kind, out) => {
    const { transformFile } = createRequire(join(packages, 'package.json'))('@swc/core') as Swc
    const files = (await readdir(sources, { recursive: true })).filter((file) => file.endsWith('.ts'))
    const transform = {
      ...(kind === 'standard' ? { decoratorVersion } : { legacyDecorator: true, decoratorMetadata: kind !== 'legacy' }),
    }
    const parser = { syntax: 'typescript', decorators: true }
    await Promise.all(
      files.map(async (file) => {
        if (file.startsWith(dialectOf(kind) === 'legacy' ? 'standard' : 'legacy')) return
        const { code } = await transformFile(join(sources, file), { swcrc: false, jsc: { target: 'es2022', parser, transform }, module: { type: 'es6' } })
        const to = join(out, file.replace(/\.ts$/, '.js'))
        await mkdir(dirname(to), { recursive: true })
        await writeFile(to, code)
      }),
    )
    return join(out, dialectOf(kind), 'index.js')
  }

const kinds: readonly Kind[] = ['standard', 'legacy', 'legacy with metadata']

async function cellsOf(name: string, folder: string, compile: Compile, of = kinds): Promise<Cell[]> {
  const version = await versionOf(folder)
  return of.map((kind) => ({
    title: `${name} ${version}, ${kind}`,
    kind,
    async compile() {
      const out = join(project, `${name}-${version}-${kind}`.replaceAll(/[^\w.-]+/g, '-'))
      await mkdir(out, { recursive: true })
      return compile(kind, out)
    },
  }))
}

const ofRoot = (name: string) => join(root, 'node_modules', name)
const ofPackages = (name: string) => join(packages, 'node_modules', name)

/** All of them. */
export async function allCells(): Promise<Cell[]> {
  const cells = await Promise.all([
    cellsOf('tsc', ofRoot('typescript'), tsc(ofRoot('typescript'))),
    cellsOf('tsc', ofPackages('typescript-7'), tsc(ofPackages('typescript-7'))),
    // Which compiles no types into metadata.
    cellsOf('esbuild', ofRoot('esbuild'), esbuild, ['standard', 'legacy']),
    cellsOf('tsup', ofRoot('tsup'), tsup),
    cellsOf('swc', ofPackages('@swc/core'), swc('2022-03')),
    cellsOf('swc (2023-11)', ofPackages('@swc/core'), swc('2023-11'), ['standard']),
  ])
  return cells.flat()
}
