/** What people compile decorators with, each as it comes: the compilers share nothing but the sources. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { compilerOptions, makeProject, node, packageOf } from '../support/project.ts'

/** How decorators are compiled: as standard ones, as legacy ones, or as legacy ones with types compiled into metadata. */
export type Kind = 'standard' | 'legacy' | 'legacy with metadata'

const kinds: readonly Kind[] = ['standard', 'legacy', 'legacy with metadata']

const dialectOf = (kind: Kind) => (kind === 'standard' ? 'standard' : 'legacy')

const decoratorOptions = (kind: Kind) =>
  kind === 'standard' ? {} : { experimentalDecorators: true, emitDecoratorMetadata: kind !== 'legacy' }

/** What is compiled, how, and where to. */
interface Job {
  readonly kind: Kind
  readonly project: string
  readonly out: string
  readonly entry: string
}

/** @returns the path of the module that the entry was compiled to */
type Compile = (job: Job) => Promise<string>

/** A way to compile the suite. */
export interface Cell {
  readonly title: string
  readonly kind: Kind
  /** Cases that fail with any decorator at all, because of the compiler's own mistakes. */
  readonly broken: readonly string[]
  /** @param project what `makeSuite` has made @returns the module that has the suite's `run` @throws what the compiler says */
  compile(project: string): Promise<string>
}

/** Puts the suite into a project like a user's. */
export const makeSuite = (): Promise<string> =>
  makeProject('compiled', 'test/compiled/suite', {
    '@opentelemetry/api': packageOf('@opentelemetry/api'),
    '@opentelemetry/sdk-trace': packageOf('@opentelemetry/sdk-trace'),
    // tsup looks for it there, to compile types into metadata.
    '@swc/core': packageOf('@swc/core', 'decorators'),
  })

async function writeConfig({ kind, project, out, entry }: Job): Promise<string> {
  const file = join(out, 'tsconfig.json')
  const options = { ...compilerOptions, rootDir: join(project, 'src'), outDir: out, ...decoratorOptions(kind) }
  await writeFile(file, JSON.stringify({ compilerOptions: options, files: [entry] }))
  return file
}

/** Checks types too: the suite uses the package's types for both kinds of decorators. */
const tsc =
  (compiler: string): Compile =>
  async (job) => {
    await node([join(compiler, 'bin/tsc'), '-p', await writeConfig(job)], job.project)
    return join(job.out, dialectOf(job.kind), 'index.js')
  }

const esbuild: Compile = async ({ kind, project, out, entry }) => {
  const outfile = join(out, 'index.js')
  await build({
    entryPoints: [entry],
    absWorkingDir: project,
    bundle: true,
    packages: 'external',
    format: 'esm',
    target: 'es2022',
    tsconfigRaw: { compilerOptions: decoratorOptions(kind) },
    outfile,
  })
  return outfile
}

const tsup: Compile = async (job) => {
  const { project, out, entry } = job
  const cli = packageOf('tsup/dist/cli-default.js')
  const tsconfig = await writeConfig(job)
  await node([cli, entry, '--no-config', '--silent', '--format', 'esm', '--target', 'es2022', '--out-dir', out, '--tsconfig', tsconfig], project)
  return join(out, 'index.js')
}

interface Swc {
  transformFile(file: string, options: object): Promise<{ code: string }>
}

const swc =
  (decoratorVersion: '2022-03' | '2023-11'): Compile =>
  async ({ kind, project, out }) => {
    const { transformFile } = createRequire(join(project, 'package.json'))('@swc/core') as Swc
    const transform = kind === 'standard' ? { decoratorVersion } : { legacyDecorator: true, decoratorMetadata: kind !== 'legacy' }
    const options = {
      swcrc: false,
      jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform },
      module: { type: 'es6' },
    }
    const sources = join(project, 'src')
    const others = kind === 'standard' ? 'legacy' : 'standard'
    const files = (await readdir(sources, { recursive: true })).filter((file) => file.endsWith('.ts') && !file.startsWith(others))
    await Promise.all(
      files.map(async (file) => {
        const to = join(out, file.replace(/\.ts$/, '.js'))
        await mkdir(dirname(to), { recursive: true })
        await writeFile(to, (await transformFile(join(sources, file), options)).code)
      }),
    )
    return join(out, dialectOf(kind), 'index.js')
  }

async function cellsOf(name: string, folder: string, compile: Compile, of = kinds, broken: readonly string[] = []): Promise<Cell[]> {
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }
  return of.map((kind) => ({
    title: `${name} ${version}, ${kind}`,
    kind,
    broken,
    async compile(project) {
      const out = join(project, `${name} ${version} ${kind}`.replaceAll(/[^\w.]+/g, '-'))
      await mkdir(out, { recursive: true })
      return compile({ kind, project, out, entry: join(project, 'src', dialectOf(kind), 'index.ts') })
    },
  }))
}

/** In swc's output, a class's metadata never inherits that of the class it extends. */
const SWC_BROKEN = ['metadata: ours is inherited']

/** All ways to compile the suite. */
export async function allCells(): Promise<Cell[]> {
  const [typescript6, typescript7, swcCore] = [packageOf('typescript'), packageOf('typescript-7', 'decorators'), packageOf('@swc/core', 'decorators')]
  const cells = await Promise.all([
    cellsOf('tsc', typescript6, tsc(typescript6)),
    cellsOf('tsc', typescript7, tsc(typescript7)),
    // esbuild compiles no types into metadata.
    cellsOf('esbuild', packageOf('esbuild'), esbuild, ['standard', 'legacy']),
    cellsOf('tsup', packageOf('tsup'), tsup),
    cellsOf('swc', swcCore, swc('2022-03'), ['standard'], SWC_BROKEN),
    cellsOf('swc', swcCore, swc('2022-03'), ['legacy', 'legacy with metadata']),
    // With 2023-11, the getter of a private accessor returns something that is not defined.
    cellsOf('swc (2023-11)', swcCore, swc('2023-11'), ['standard'], ['accessors: a private one', ...SWC_BROKEN]),
  ])
  return cells.flat()
}
