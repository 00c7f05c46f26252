/** Makes projects like those of users: sources with a manifest, and the built package among the dependencies. */
import { execFile } from 'node:child_process'
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The path of a package in the root's node_modules, or in those of a folder under test/runtimes. */
export const packageOf = (name: string, folder?: string): string =>
  join(root, folder ? `test/runtimes/${folder}` : '.', 'node_modules', name)

/**
 * Makes a project, in place of one that may be left from before.
 *
 * @param sources the folder of this repository that becomes the project's `src`
 * @param dependencies the names of packages, and their paths. `flushed` is always among them.
 * @returns its folder
 */
export async function makeProject(name: string, sources: string, dependencies: Record<string, string>): Promise<string> {
  const project = join(root, '.cache', name)
  await rm(project, { recursive: true, force: true })
  await cp(join(root, sources), join(project, 'src'), { recursive: true })
  const all = { flushed: root, ...dependencies }
  const manifest = { name, private: true, type: 'module', dependencies: Object.fromEntries(Object.keys(all).map((name) => [name, '*'])) }
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest))
  for (const [name, target] of Object.entries(all)) {
    const link = join(project, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(target, link, 'junction')
  }
  return project
}

/** The compiler options of all projects. */
export const compilerOptions = {
  target: 'ES2022',
  module: 'NodeNext',
  lib: ['ES2024', 'ESNext.Disposable', 'DOM'],
  types: [],
  strict: true,
  noImplicitOverride: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmitOnError: true,
} as const

/** Runs a tool with Node. @throws its output, if it fails */
export async function node(args: readonly string[], cwd: string): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, args, { cwd })
  } catch (thrown) {
    const { stdout, stderr } = thrown as { stdout?: string; stderr?: string }
    throw new Error(`${stdout}${stderr}`, { cause: thrown })
  }
}
