/**
 * `npm run demo`. The demo itself is TypeScript, which Node runs as it is from 22.18 and from 24 on. npm scripts use
 * the Node among the project's dependencies.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`The demo needs Node 22.18 or newer, and this is ${process.version}. \`npm run demo\` brings its own.`)
  process.exit(1)
}
const { main } = await import('./run.ts')
process.exitCode = await main()
