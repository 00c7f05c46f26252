/**
 * A trace as a waterfall, with the line at which the sandbox froze, if it did.
 *
 * @module
 */
import stringWidth from 'string-width'
import { padEnd, padStart, style } from './style.ts'
import type { Look } from './style.ts'
import type { Bar, Trace } from './trace.ts'

/** Options of {@link renderWaterfall}. */
export interface WaterfallLook extends Look {
  /** Milliseconds that the whole width represents, so that two pictures can be compared. @default what the trace needs */
  readonly scaleMs?: number
}

const indent = '  '
const durationWidth = 9
const inMs = (ms: number): string => `${ms.toFixed(1)} ms`

/** Milliseconds that a picture of these traces has to show. */
export const scaleOf = (traces: readonly Trace[]): number => Math.max(...traces.map(lastOf)) * 1.05

const lastOf = ({ bars, exports, responseMs, freezeMs = 0 }: Trace): number =>
  Math.max(responseMs, freezeMs, ...[...bars, ...exports].map(({ endMs }) => endMs))

/** Lines of the picture. */
export function renderWaterfall(trace: Trace, look: WaterfallLook): string[] {
  const paint = style(look)
  const scaleMs = look.scaleMs ?? scaleOf([trace])
  const names = Math.max(8, ...trace.bars.map(({ name, depth }) => stringWidth(name) + 2 * depth))
  const columns = Math.max(20, look.width - indent.length - names - 2 - durationWidth)
  const column = (ms: number) => Math.min(columns - 1, Math.floor((ms / scaleMs) * columns))
  const marks = marksOf(trace)
  // The moments may be less than a column apart, and each must be visible.
  const places = new Map<Mark, number>()
  marks.reduce((after, mark) => places.set(mark, Math.max(after + 1, column(mark.ms))).get(mark) ?? 0, -1)
  const placesOf = (glyph: Mark['glyph']) => marks.filter((mark) => mark.glyph === glyph).map((mark) => places.get(mark) ?? 0)
  const [responseAt = 0] = placesOf('●')
  const [freezeAt = columns] = placesOf('┃')

  /** One row: `cells` are single columns; right of the freeze there is nothing but a remark. */
  const row = (name: string, cells: readonly string[], right = '', remark = '') => {
    const running = Array.from({ length: freezeAt }, (_, at) => cells[at] ?? ' ').join('')
    const frozen = freezeAt < columns ? paint.ice(`┃${padEnd(remark, columns - freezeAt - 1)}`) : ''
    return `${indent}${padEnd(name, names)} ${running}${frozen} ${paint.dim(right)}`.trimEnd()
  }
  const bar = (span: Bar): string => {
    const tint = !span.acknowledged ? paint.bad : span.unfinished ? paint.warn : paint.good
    const cells = cellsOf(span, scaleMs, columns)
    const note = span.unfinished ? ' left open, ended by flushed' : ''
    if (cells.length + note.length < freezeAt) cells.push(...note)
    return row(' '.repeat(2 * span.depth) + span.name, cells.map(tint), padStart(inMs(span.endMs - span.startMs), durationWidth))
  }
  const remark = ' frozen: nothing was acknowledged'
  const unsent = row('export', [], '', remark.length < columns - freezeAt ? remark : '')
  const acknowledgedAt = placesOf('✓')
  const sent = trace.exports.toSorted((a, b) => a.endMs - b.endMs).map(({ startMs, endMs }, index) => {
    const way = Array.from({ length: acknowledgedAt[index] ?? 0 }, (_, at) => (at < column(startMs) ? ' ' : paint.dim('┄')))
    return row('export', [...way, paint.good('✓')], padStart(inMs(endMs - startMs), durationWidth))
  })
  return [
    `${indent}${' '.repeat(names)} ${paint.dim(axis(scaleMs, columns))}`,
    ...trace.bars.map(bar),
    ...(sent.length > 0 ? sent : [unsent]),
    row('response', [...' '.repeat(responseAt), '●']),
    indent + marks.map(({ glyph, tone, name, ms }) => `${tone ? paint[tone](glyph) : glyph} ${name} ${inMs(ms)}`).join('  '),
  ]
}

interface Mark {
  readonly glyph: '✓' | '●' | '┃'
  readonly tone?: 'good' | 'ice'
  readonly name: string
  readonly ms: number
}

/** The moments that matter, in their order. */
function marksOf({ exports, responseMs, freezeMs }: Trace): Mark[] {
  const response: Mark = { glyph: '●', name: 'response', ms: responseMs }
  const acknowledged = exports.map(({ endMs }): Mark => ({ glyph: '✓', tone: 'good', name: 'acknowledged', ms: endMs }))
  const freeze: Mark[] = freezeMs === undefined ? [] : [{ glyph: '┃', tone: 'ice', name: 'freeze', ms: freezeMs }]
  return [...acknowledged, response, ...freeze].sort((a, b) => a.ms - b.ms)
}

/** A bar in half columns, at least one; in another texture unless the span was finished and acknowledged. */
function cellsOf({ startMs, endMs, acknowledged, unfinished }: Bar, scaleMs: number, columns: number): string[] {
  const half = (ms: number) => Math.min(2 * columns, Math.round((ms / scaleMs) * 2 * columns))
  const from = half(startMs)
  const to = Math.max(from + 1, half(endMs))
  const texture = acknowledged ? (unfinished ? '▒' : '') : '░'
  return Array.from({ length: Math.ceil(to / 2) }, (_, at) => {
    const left = 2 * at >= from && 2 * at < to
    const right = 2 * at + 1 >= from && 2 * at + 1 < to
    if (!left && !right) return ' '
    return texture || (left && right ? '█' : left ? '▌' : '▐')
  })
}

/** Times at round distances. */
function axis(scaleMs: number, columns: number): string {
  const rough = scaleMs / Math.max(2, Math.floor(columns / 8))
  const magnitude = 10 ** Math.floor(Math.log10(rough))
  const step = magnitude * ([1, 2, 5].find((factor) => factor * magnitude >= rough) ?? 10)
  let line = ''
  for (let ms = 0; ms <= scaleMs; ms += step) {
    const label = `│${ms}${ms === 0 ? ' ms' : ''}`
    const at = Math.floor((ms / scaleMs) * columns)
    if (at + label.length <= columns) line = padEnd(line, at) + label
  }
  return line
}
