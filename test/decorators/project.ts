/** A project of a user's, with the suite as its sources: the package is among its dependencies, and all compilers are. */
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
/** Where the other compilers are installed. */
export const packages = join(root, 'test/runtimes/decorators')
export const project = join(root, '.cache/decorators')

/** What it depends on, and where that is. Its bundlers leave out what is named here. */
const dependencies = {
  flushed: root,
  '@opentelemetry/api': join(root, 'node_modules/@opentelemetry/api'),
  '@opentelemetry/sdk-trace': join(root, 'node_modules/@opentelemetry/sdk-trace'),
  // Where tsup looks for it, which has it compile types into metadata.
  '@swc/core': join(packages, 'node_modules/@swc/core'),
}

/** Makes it anew. */
export async function makeProject(): Promise<void> {
  await rm(project, { recursive: true, force: true })
  await cp(join(root, 'test/decorators/suite'), join(project, 'src'), { recursive: true })
  const manifest = { name: 'shop', private: true, type: 'module', dependencies: Object.fromEntries(Object.keys(dependencies).map((name) => [name, '*'])) }
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest))
  for (const [name, target] of Object.entries(dependencies)) {
    const link = join(project, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(target, link, 'junction')
  }
}
