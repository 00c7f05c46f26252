/**
 * Builds functions.
 *
 * @module
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { functions } from './functions.ts'
import type { FunctionId } from './functions.ts'

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const examples = folder('../../lambda/')
const bundles = folder('../../../.cache/demo/')

/** The value that `LambdaOptions.handler` expects. */
export const handlerOf = (id: FunctionId): string => `${bundles}${id}.handler`

/** Bundles the functions of the demo. */
export const bundle = (): Promise<void> => bundleInto(bundles, functions.map((id) => `orders/${id}.ts`))

/**
 * Bundles each file of the examples into one, as you would for Lambda. `template.yaml` says the same in SAM's words.
 * `flushed` is the built package, as users get it.
 */
export async function bundleInto(outdir: string, files: readonly string[]): Promise<void> {
  await build({
    entryPoints: files.map((file) => `${examples}${file}`),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    // CommonJS dependencies call `require`, which ES modules do not have.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    // The repository's own tsconfig would resolve `flushed/…` to the sources.
    tsconfigRaw: '{}',
    logLevel: 'silent',
  })
}
