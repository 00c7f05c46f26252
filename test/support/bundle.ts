import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A module that imports the built package, bundled and minified as its users would. */
export async function bundle(source: string, options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    // The repository's own tsconfig would lead `flushed/…` to the sources.
    tsconfigRaw: '{}',
    // In a package, as it is for users, it would not tell of chunks that it leaves out.
    logLevel: 'error',
    ...options,
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}
