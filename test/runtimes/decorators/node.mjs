// Runs the compiled suite on this Node: first without `reflect-metadata`, then with it.
import { pathToFileURL } from 'node:url'

const [file, facts] = process.argv.slice(2)
const { run } = await import(pathToFileURL(file).href)
const of = async (reflect) => run({ ...JSON.parse(facts), als: true, reflect })
const without = await of(false)
await import('reflect-metadata')
console.log(JSON.stringify([...without, ...(await of(true))]))
