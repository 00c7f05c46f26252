/** The Nest application, compiled as Nest's are and started with the built package. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { compilerOptions, makeProject, node, packageOf, root } from '../support/project.ts'
import { type Variant, variantsOf } from './variants.ts'

/** Where Nest is installed. */
export const packages = join(root, 'test/runtimes/nest')

const ofNest = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', '@nestjs/swagger', 'class-transformer', 'class-validator', 'reflect-metadata', 'rxjs']
const ofRoot = ['@opentelemetry/api', '@opentelemetry/exporter-trace-otlp-http', '@opentelemetry/sdk-trace', '@types/node']

/** Compiles it with all variants of its controller. @returns where it is, and they @throws what the compiler says */
export async function compileApplication(): Promise<{ out: string; variants: Variant[] }> {
  const paths = [...ofNest.map((name) => [name, packageOf(name, 'nest')]), ...ofRoot.map((name) => [name, packageOf(name)])]
  const project = await makeProject('nest', 'test/nest/app', Object.fromEntries(paths))
  const [sources, out] = [join(project, 'src'), join(project, 'out')]
  const variants = await variantsOf(join(sources, 'orders.controller.ts'))
  await mkdir(join(sources, 'variants'))
  for (const { name, source } of variants) {
    await writeFile(join(sources, 'variants', `${name}.ts`), source.replaceAll("from './", "from '../"))
  }
  const options = { ...compilerOptions, types: ['node'], experimentalDecorators: true, emitDecoratorMetadata: true, rootDir: sources, outDir: out }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['src'], exclude: ['src/orders.controller.ts'] }))
  await node([packageOf('typescript/bin/tsc'), '-p', project], project)
  return { out, variants }
}

/** What a variant is known by from outside. */
export interface Started {
  readonly variant: string
  readonly port: number
  readonly swagger: object
}

/** Starts a module of it, which says `ready` when it is. */
export async function startApplication(file: string, args: readonly string[], collector: string) {
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  const started: Started[] = []
  for await (const line of createInterface(child.stdout)) {
    if (line === 'ready') return { started, child, gone }
    started.push(JSON.parse(line) as Started)
  }
  throw new Error(`the application ended with ${String(await gone)}`)
}
