/** Tables for people. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const LABELS = {
  bare: 'bare handler',
  plain: 'try/finally forceFlush, batch, no attributes',
  pattern: 'try/finally forceFlush, batch, the same attributes',
  simple: 'try/finally forceFlush, simple, no attributes',
  instrumentation: 'instrumentation-aws-lambda',
  middy: 'middy, flush in hooks',
  flushed: 'flushed',
}

const TITLES = {
  noop: 'no-op exporter',
  unsampled: 'trace not sampled',
  collector: 'OTLP/HTTP JSON to a collector on loopback',
}

const number = (value) => (value < 100 ? value.toFixed(value < 10 ? 2 : 1) : value.toFixed(0))

/** @param {import('./summary.mjs').Table} table */
export function table({ mode, children, rows }) {
  const columns = ['µs', '/ bare', '/ pattern', ...(mode === 'collector' ? ['CPU µs'] : [])]
  const title = `${TITLES[mode]}, ${children === 0 ? 'no child span' : `${children} child spans`}`
  const lines = rows.map(({ contestant, us, toBare, toPattern, cpuUs }) =>
    line(LABELS[contestant], [number(us), number(toBare), toPattern.toFixed(2), number(cpuUs)].slice(0, columns.length)),
  )
  return [line(title, columns), ...lines, ''].join('\n')
}

const line = (label, cells) => label.padEnd(58) + cells.map((cell) => cell.padStart(11)).join('')

/** @param {import('./cold-start.mjs').ColdStarts} coldStarts */
export function coldStartTable({ function: what, client, rounds, rows }) {
  const wide = (cell) => cell.padStart(18)
  const columns = ['init, ms', 'added', wide('quartiles'), wide('undisturbed')]
  const lines = rows.map(({ form, ms, added, spread, quiet }) => {
    const more = form.startsWith('bare') ? [] : [signed(added), wide(spread.map(signed).join(' … ')), wide(signed(quiet))]
    return line(form, [ms.toFixed(1), ...more])
  })
  return [line(`cold start of ${what}`, columns), ...lines, `${client}, ${rounds} starts each`, ''].join('\n')
}

const signed = (ms) => `${ms < 0 ? '−' : '+'}${Math.abs(ms).toFixed(1)}`

/** @param {import('./heap.mjs').Growth[]} growths */
export function heapTable(growths) {
  const [{ invocations }] = growths
  const lines = growths.map(({ contestant, beforeBytes, afterBytes, perInvocation }) =>
    line(LABELS[contestant], [mebibytes(beforeBytes), mebibytes(afterBytes), perInvocation.toFixed(2)]),
  )
  const title = `heap after ${invocations.toLocaleString('en')} invocations, collected`
  return [line(title, ['MiB before', 'MiB after', 'bytes each']), ...lines, ''].join('\n')
}

const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(2)

const PACKAGES = [
  '@opentelemetry/api',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/instrumentation-aws-lambda',
  '@middy/core',
]

/** @param {string} node its version */
export const versions = (node) => ({ node, ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])) })

// Looked for on disk: most packages do not export their manifest.
function versionOf(name) {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? []
  for (const folder of folders) {
    try {
      return JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')).version
    } catch {
      // Not in this one.
    }
  }
  return 'unknown'
}
