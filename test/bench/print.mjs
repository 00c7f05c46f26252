/** Tables for people. */
import { LABELS } from './labels.mjs'
import { notes, tables } from './tables.mjs'

const TITLES = {
  noop: 'no-op exporter',
  unsampled: 'trace not sampled',
  collector: 'OTLP/HTTP JSON to a collector on loopback',
}

const number = (value) => (value < 100 ? value.toFixed(value < 10 ? 2 : 1) : value.toFixed(0))

/** @param {import('./summary.mjs').Table} table */
function table({ mode, children, rows }) {
  const columns = ['µs', '/ bare', '/ pattern', ...(mode === 'collector' ? ['CPU µs'] : [])]
  const title = `${TITLES[mode]}, ${children === 0 ? 'no child span' : `${children} child spans`}`
  const lines = rows.map(({ contestant, us, toBare, toPattern, cpuUs }) =>
    line(LABELS[contestant], [number(us), number(toBare), toPattern.toFixed(2), number(cpuUs)].slice(0, columns.length)),
  )
  return [line(title, columns), ...lines, ''].join('\n')
}

const line = (label, cells) => label.padEnd(58) + cells.map((cell) => cell.padStart(11)).join('')

/** @param {import('./cold-start.mjs').ColdStarts} coldStarts */
function coldStartTable({ function: what, client, rounds, rows }) {
  const wide = (cell) => cell.padStart(18)
  const columns = ['init, ms', 'added', wide('quartiles'), wide('undisturbed')]
  const lines = rows.map(({ form, ms, added, spread, quiet }) => {
    const more = form.startsWith('bare') ? [] : [signed(added), wide(spread.map(signed).join(' … ')), wide(signed(quiet))]
    return line(form, [ms.toFixed(1), ...more])
  })
  return [line(`cold start of ${what}`, columns), ...lines, `${client}, ${rounds} starts each`, ''].join('\n')
}

const signed = (ms) => `${ms < 0 ? '−' : '+'}${Math.abs(ms).toFixed(1)}`

/** @param {import('./tables.mjs').Table} table */
function wide({ title, columns, rows }) {
  const width = Math.max(11, ...columns.map((column) => column.length + 2))
  const lineOf = (label, cells) => label.padEnd(38) + cells.map((cell) => cell.padStart(width)).join('')
  return [lineOf(title, []), lineOf('', columns), ...rows.map(({ label, cells }) => lineOf(label, cells)), ''].join('\n')
}

/** @param {object} report as main.mjs makes it */
export function print(report) {
  const more = tables(report)
  console.log(`\n${[...report.cases.map(table), ...more.map(wide), ...(report.coldStarts ?? []).map(coldStartTable)].join('\n')}`)
  for (const note of notes(more)) console.log(note)
  console.log(`${Object.entries(report.versions).map((entry) => entry.join(' ')).join(', ')}\n`)
  console.log(report.method.join('\n'))
}
