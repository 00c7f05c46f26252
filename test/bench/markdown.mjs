/** The README's tables. */
import { DEPLOYED } from './deployed.mjs'
import { notes, tables } from './tables.mjs'

const row = (cells) => `| ${cells.join(' | ')} |`
const bold = (name, text) => (name === 'flushed' || name === 'registered' ? `**${text}**` : text)

function table(columns, rows) {
  return [row(columns), row(columns.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(row)].join('\n')
}

const ratioOf = (report, mode, children, name) => {
  const found = report.cases.find((one) => one.mode === mode && one.children === children)
  const ratio = found?.rows.find(({ contestant }) => contestant === name)?.toPattern
  return ratio === undefined ? '–' : `${ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)} ×`
}

/** @param {object} report as main.mjs makes it @returns {string} */
export function lambdaTable(report) {
  const all = Object.fromEntries(tables(report).map((one) => [one.group, one]))
  const cellsOf = (group, name) => all[group]?.rows.find((one) => one.name === name)?.cells
  const rows = Object.keys(DEPLOYED).flatMap((name) => {
    if (name === 'bare') return []
    const label = all.latency.rows.find((one) => one.name === name)?.label ?? DEPLOYED[name].label
    const [, slow, hung, , refused] = cellsOf('latency', name) ?? ['–', '–', '–', '–', '–']
    const [, open, inFlight, requests] = cellsOf('freeze', name) ?? ['–', '–', '–', '–']
    const [, bundled, , size] = cellsOf('loads', name) ?? ['–', '–', '–', '–']
    const ratio = ratioOf(report, 'noop', 5, name)
    return [[label, ratio, slow, hung, refused, open, inFlight, requests, bundled, size].map((cell) => bold(name, cell))]
  })
  const columns = ['', 'own time', '200 ms', 'hung', '503', 'one left open', 'export in flight', 'requests', 'cold start', 'bundle']
  const used = [all.latency, all.freeze, all.loads].filter(Boolean)
  return `${table(columns, rows)}\n\n${notes(used).map((note) => `<sub>${note}</sub>`).join('<br>\n')}`
}

/** @param {object} report as main.mjs makes it @returns {string} */
export function workersTable({ workers }) {
  if (!workers) return ''
  const { columns, rows } = tables({ workers })[0]
  const shown = ['200 ms', 'hung', 'spans', 'left open', '20 at once', 'requests', 'bundle', 'heap']
  const picked = shown.map((column) => columns.indexOf(column))
  const lines = rows.map(({ name, label, cells }) => [label, ...picked.map((at) => cells[at])].map((cell) => bold(name, cell)))
  return table([`on workerd ${workers.workerd}`, ...shown], lines)
}
