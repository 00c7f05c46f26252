/** Bundles Workers as wrangler does: into one module for workerd, with the built package. */
import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const packages = (folder: string) => fileURLToPath(new URL(`../runtimes/${folder}/node_modules`, import.meta.url))
/** Node's modules without the prefix `node:`, which workerd requires. */
const NODE = Object.fromEntries(builtinModules.filter((name) => /^[a-z]\w*$/.test(name)).map((name) => [name, `node:${name}`]))
const bundles = new Map<string, Promise<string>>()

/** @param file the Worker's source, bundled once */
export function bundleWorker(file: string): Promise<string> {
  let bundle = bundles.get(file)
  if (!bundle) bundles.set(file, (bundle = bundled(file)))
  return bundle
}

async function bundled(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['module', 'main'],
    external: ['cloudflare:*', 'node:*'],
    nodePaths: [packages('workers'), packages('vendors'), packages('servers')],
    alias: NODE,
    keepNames: true,
    // The repository's own tsconfig would resolve `flushed/…` to the sources.
    tsconfigRaw: '{}',
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}
