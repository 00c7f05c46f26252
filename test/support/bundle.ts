import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Bundles and minifies a module that imports the built package, as users would. */
export async function bundle(source: string, options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    // The repository's own tsconfig would resolve `flushed/…` to the sources.
    tsconfigRaw: '{}',
    // esbuild warns of chunks it leaves out, which it does not do for users, who have them in a package.
    logLevel: 'error',
    ...options,
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}
