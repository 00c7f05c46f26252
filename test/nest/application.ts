/** The Nest application, compiled as Nest applications are, and started with the built package. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { compilerOptions, makeProject, node, packageOf, root } from '../support/project.ts'
import { type Variant, variantsOf } from './variants.ts'

const ofNest = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', '@nestjs/platform-fastify', '@nestjs/swagger', 'class-transformer', 'class-validator', 'reflect-metadata', 'rxjs']
const ofRoot = ['@opentelemetry/api', '@opentelemetry/exporter-trace-otlp-http', '@opentelemetry/sdk-trace', '@types/node']

/** Writes the files that a page shows: code blocks whose first line has the file's name. */
async function writeFiles(page: string, to: string): Promise<void> {
  for (const [, name = '', code = ''] of (await readFile(page, 'utf8')).matchAll(/```ts\n\/\/ src\/(\S+)\n(.*?)```/gs)) {
    await writeFile(join(to, name), code)
  }
}

/**
 * Compiles the application, in a project of its own.
 *
 * @param add writes the files that are missing
 * @returns where it is
 * @throws what the compiler says
 */
async function compile(name: string, add: (sources: string) => Promise<void>): Promise<string> {
  const paths = [...ofNest.map((name) => [name, packageOf(name, 'nest')]), ...ofRoot.map((name) => [name, packageOf(name)])]
  const project = await makeProject(name, 'test/nest/app', Object.fromEntries(paths))
  const [sources, out] = [join(project, 'src'), join(project, 'out')]
  await add(sources)
  const options = { ...compilerOptions, types: ['node'], experimentalDecorators: true, emitDecoratorMetadata: true, rootDir: sources, outDir: out }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['src'] }))
  await node([packageOf('typescript/bin/tsc'), '-p', project], project)
  return out
}

/** Compiles the application with all variants of its controller. */
export async function compileVariants(): Promise<{ out: string; variants: Variant[] }> {
  let variants: Variant[] = []
  const out = await compile('nest-variants', async (sources) => {
    const file = join(sources, 'orders.controller.ts')
    variants = await variantsOf(file)
    await Promise.all([rm(file), rm(join(sources, 'recipe'), { recursive: true }), mkdir(join(sources, 'variants'))])
    for (const { name, source } of variants) await writeFile(join(sources, 'variants', `${name}.ts`), source)
  })
  return { out, variants }
}

/** Compiles the application of docs/nest.md. */
export const compileRecipe = (): Promise<string> =>
  compile('nest-recipe', async (sources) => {
    for (const file of await readdir(sources)) if (file !== 'recipe') await rm(join(sources, file))
    await writeFiles(join(root, 'docs/nest.md'), join(sources, 'recipe'))
  })

/** A variant that is running: how to reach it, and what it documents. */
export interface Started {
  readonly variant: string
  readonly port: number
  readonly swagger: object
}

/** The process of an application. */
export class Application implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown[]>
  readonly #lines: AsyncIterator<string>
  #errors = ''

  /** @param file the module that starts the application */
  constructor(file: string, args: readonly string[], env: Record<string, string>) {
    this.#child = spawn(process.execPath, [file, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#errors += chunk))
    this.#exit = once(this.#child, 'exit')
    this.#lines = createInterface(this.#child.stdout as Readable)[Symbol.asyncIterator]()
  }

  /** Reads up to the next line of its output that matches. @returns the lines read @throws if the process ends instead */
  async until(last: RegExp): Promise<string[]> {
    for (const lines: string[] = []; ; ) {
      const { value, done } = await this.#lines.next()
      if (done) throw new Error(`the application ended with ${String(await this.#exit)}:\n${lines.join('\n')}\n${this.#errors}`)
      lines.push(value)
      if (last.test(value)) return lines
    }
  }

  /** Sends SIGTERM. @returns the exit code, or the signal that ended the process */
  async stop(): Promise<unknown> {
    this.#child.kill('SIGTERM')
    const [code, signal] = await this.#exit
    return code ?? signal
  }

  async [Symbol.asyncDispose]() {
    this.#child.kill('SIGKILL')
    await this.#exit
  }
}

/** Whether requests have root spans of their own, by the middleware of `flushed/express`. */
export type Mode = 'alone' | 'middleware'

/** Starts an application of each variant. */
export async function startVariants(out: string, mode: Mode, variants: readonly string[], collector: string) {
  const application = new Application(join(out, 'main.js'), [mode, ...variants], { OTEL_EXPORTER_OTLP_ENDPOINT: collector })
  const lines = await application.until(/^ready$/)
  return { application, started: lines.slice(0, -1).map((line) => JSON.parse(line) as Started) }
}
