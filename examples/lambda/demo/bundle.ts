/**
 * Builds the functions.
 *
 * @module
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { functions } from './functions.ts'
import type { FunctionId } from './functions.ts'

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const sources = folder('../orders/')
const bundles = folder('../../../.cache/demo/')

/** What `LambdaOptions.handler` wants. */
export const handlerOf = (id: FunctionId): string => `${bundles}${id}.handler`

/** Bundles every function into one file, as one does for Lambda. `flushed` is the built package, as users get it. */
export async function bundle(): Promise<void> {
  await build({
    entryPoints: functions.map((id) => `${sources}${id}.ts`),
    outdir: bundles,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    // CommonJS dependencies call `require`, which a module does not have.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    // The repository's own tsconfig would lead `flushed/…` to the sources.
    tsconfigRaw: '{}',
    logLevel: 'silent',
  })
}
