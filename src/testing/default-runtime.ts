/**
 * Where the runtime loop is, in the source and in either build.
 *
 * @module
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RuntimeCommand } from './sandbox/types.ts'

// A CommonJS build has no import.meta, an ES module no __filename: whichever is there says where this file is.
const self = (): string => (typeof __filename === 'string' ? __filename : fileURLToPath(import.meta.url))

/** The runtime that `startLambda` uses unless told otherwise: this package's own loop, on the Node that runs the test. */
export function defaultRuntime(): RuntimeCommand {
  const file = self()
  const extension = file.endsWith('.ts') ? 'ts' : 'js'
  return { command: process.execPath, args: [join(dirname(file), `runtime-loop.${extension}`)] }
}
