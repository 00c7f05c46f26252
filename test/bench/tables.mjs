/** Tables of what is delivered, when, and at what cost, for the terminal and for the README. */
import { DEPLOYED } from './deployed.mjs'
import { OUTAGES } from './latency.mjs'
import { LABELS } from './labels.mjs'
import { WORKERS } from './workerd.mjs'

/**
 * @typedef {object} Table
 * @property {string} [group] the group that it shows
 * @property {string} title
 * @property {string[]} columns
 * @property {{ name: string, label: string, cells: string[] }[]} rows
 */

const NONE = '–'

/** Footnotes. The first ones belong to a cell, the others to a contestant. */
const NOTES = {
  '¹': 'It hands everything to an agent beside it on the same machine, which no outage of a backend reaches.',
  '²': "Datadog's extension keeps the sandbox from freezing until it has everything. It is no package, and not there.",
  '³': 'The invocation fails: `forceFlush()` rejects, or the function runs into its timeout of 15 s.',
  '⁴': 'An event an invocation, and no spans.',
  '⁵': 'It cannot be in a bundle.',
}

const OF_CONTESTANTS = {
  powertools: '¹',
  datadog: '¹',
  evlog: '⁴',
}

const number = (value) => (Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0))
const added = (value) => {
  const rounded = number(Math.abs(value))
  return Number(rounded) === 0 ? '0' : `${value < 0 ? '−' : '+'}${rounded}`
}
const ms = (value) => (value === undefined ? NONE : Math.abs(value) < 1000 ? `${added(value)} ms` : `${added(value / 1000)} s`)
const percent = (share) => (share === undefined ? NONE : `${(share * 100).toFixed(share < 1 && share > 0.99 ? 1 : 0)} %`)
const kB = (bytes) => (bytes === undefined ? NONE : `${number(bytes / 1000)} kB`)

const labelOf = (name) => `${DEPLOYED[name].label}${OF_CONTESTANTS[name] ?? ''}`

/** @param {import('./latency.mjs').LatencyRow[]} rows @returns {Table} */
function latency(rows) {
  const behaviors = ['fast', 'slow', ...OUTAGES]
  return {
    title: 'what a response waits for, by the backend',
    columns: ['fast', '200 ms', 'hung', 'refusing', '503'],
    rows: rows
      .filter(({ contestant }) => contestant !== 'bare')
      .map(({ contestant, addedMs, failed }) => ({
        name: contestant,
        label: labelOf(contestant),
        cells: behaviors.map((behavior) => `${ms(addedMs[behavior])}${failed.includes(behavior) ? '³' : ''}`),
      })),
  }
}

/** @param {{ backendMs: number, rows: import('./freeze.mjs').FreezeRow[] }} freeze @returns {Table} */
function freeze({ backendMs, rows }) {
  return {
    title: `acknowledged at the freeze, backend of ${backendMs} ms`,
    columns: ['spans', 'one left open', 'export in flight', 'requests', 'bytes'],
    rows: rows.map(({ contestant, share, requests, bytes }) => ({
      name: contestant,
      label: labelOf(contestant),
      cells: [
        ...['everyday', 'one left open', 'export in flight'].map((scenario) =>
          DEPLOYED[contestant].held ? `${NONE}²` : percent(share[scenario]),
        ),
        number(requests),
        bytes.toFixed(0),
      ],
    })),
  }
}

/** @param {import('./imports.mjs').LoadRow[]} rows @returns {Table} */
function loads(rows) {
  return {
    title: 'loading it, over the bare function',
    columns: ['modules', 'bundled', '/ pattern', 'bundle, gzip'],
    rows: rows
      .filter(({ contestant }) => contestant !== 'bare')
      .map(({ contestant, addedMs, bundledMs, overPatternMs, bundleBytes }) => ({
        name: contestant,
        label: DEPLOYED[contestant].label,
        cells: [ms(addedMs), ms(bundledMs), ms(overPatternMs), kB(bundleBytes)].map((cell) => (cell === NONE ? `${NONE}⁵` : cell)),
      })),
  }
}

/** @param {{ rows: import('./workers.mjs').WorkerRow[] }} workers @returns {Table} */
function workers({ rows }) {
  return {
    title: 'on Workers',
    columns: ['fast', '200 ms', 'hung', 'refusing', '503', 'spans', 'left open', '20 at once', 'requests', 'bytes', 'bundle', 'heap'],
    rows: rows
      .filter(({ contestant }) => contestant !== 'bare')
      .map((row) => ({
        name: row.contestant,
        label: `${WORKERS[row.contestant].label}${WORKERS[row.contestant].events ? '⁴' : ''}`,
        cells: [
          ...['fast', 'slow', ...OUTAGES].map((behavior) => ms(row.addedMs[behavior])),
          ...['everyday', 'one left open', 'concurrent'].map((scenario) => percent(row.share[scenario])),
          number(row.requests),
          row.bytes.toFixed(0),
          kB(row.bundleBytes),
          row.heap ? `${row.heap.perRequest.toFixed(0)} B of ${row.heap.requests / 1000}k` : NONE,
        ],
      })),
  }
}

/** @param {import('./heap.mjs').Growth[]} growths @returns {Table} */
function heap(growths) {
  const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(2)
  return {
    title: 'heap, collected',
    columns: ['invocations', 'MiB before', 'MiB after', 'bytes each'],
    rows: growths.map(({ contestant, invocations, beforeBytes, afterBytes, perInvocation }) => ({
      name: contestant,
      label: LABELS[contestant],
      cells: [invocations.toLocaleString('en'), mebibytes(beforeBytes), mebibytes(afterBytes), perInvocation.toFixed(2)],
    })),
  }
}

/** @param {Awaited<ReturnType<typeof import('./servers.mjs').measureServers>>} servers @returns {Table} */
function servers(servers) {
  return {
    title: 'servers under load, beside the batch processor',
    columns: ['req/s', 'batch', 'ratio', 'CPU µs', 'batch', 'ratio'],
    rows: servers.map(({ server, flushed, batch, throughput, cpu }) => ({
      name: server,
      label: server,
      cells: [
        ...[flushed.perSecond, batch.perSecond].map(number), throughput.toFixed(2),
        ...[flushed.cpuUs, batch.cpuUs].map(number), cpu.toFixed(2),
      ],
    })),
  }
}

const MAKERS = { latency, freeze, loads, workers, servers, heap }

/** @returns {Table[]} the tables of the groups that were measured */
export const tables = (report) =>
  Object.entries(MAKERS).flatMap(([group, make]) => (report[group]?.length === 0 || !report[group] ? [] : [{ group, ...make(report[group]) }]))

/** @param {Table[]} all @returns {string[]} the footnotes whose marks are in the tables */
export function notes(all) {
  const text = JSON.stringify(all)
  return Object.entries(NOTES).flatMap(([mark, note]) => (text.includes(mark) ? [`${mark} ${note}`] : []))
}
