/**
 * Makes the README's table and chart from the output of `npm run bench -- --json`:
 *
 *     npm run --silent bench -- --json > docs/performance.json && npm run bench:report
 *
 * Writes docs/performance.svg, and the part of README.md between its two marks.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chart } from './chart.mjs'
import { lambdaTable, workersTable } from './markdown.mjs'
import { panels } from './panels.mjs'

const path = (file) => fileURLToPath(new URL(`../../${file}`, import.meta.url))

const [from = path('docs/performance.json')] = process.argv.slice(2)
const report = JSON.parse(await readFile(from, 'utf8'))

const DESCRIPTION =
  'Bars of what flushed and others cost and deliver: response times with a slow and a hung backend, spans acknowledged at the freeze, time of their own'
await writeFile(path('docs/performance.svg'), chart(panels(report), DESCRIPTION))

const [BEGIN, END] = ['<!-- bench -->', '<!-- /bench -->']
const readme = await readFile(path('README.md'), 'utf8')
const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)]
if (begin < 0 || end < begin) throw new Error(`README.md has no ${BEGIN} … ${END}`)
const text = [lambdaTable(report), workersTable(report)].join('\n\n')
await writeFile(path('README.md'), `${readme.slice(0, begin)}${BEGIN}\n${text}\n${readme.slice(end)}`)
