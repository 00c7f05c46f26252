/**
 * Text in columns.
 *
 * @module
 */
import stringWidth from 'string-width'
import { padEnd, padStart, style } from './style.ts'
import type { Look, Style } from './style.ts'

/** A cell, with what its content means. */
export interface Cell {
  readonly text: string
  readonly tone?: Exclude<keyof Style, 'title'>
}

export interface Table {
  /** One for each column, in lines; all columns but the first are aligned to the right. */
  readonly heads: readonly (readonly string[])[]
  readonly rows: readonly (readonly Cell[])[]
}

const gap = '  '
const indent = '  '

/** The table's lines. Columns are as wide as their content. */
export function renderTable({ heads, rows }: Table, look: Look): string[] {
  const paint = style(look)
  const widths = heads.map((head, column) =>
    Math.max(...[...head, ...rows.map((row) => row[column]?.text ?? '')].map((text) => stringWidth(text))),
  )
  const place = (text: string, column: number) => (column === 0 ? padEnd : padStart)(text, widths[column] ?? 0)
  const join = (cells: readonly string[]) => (indent + cells.join(gap)).trimEnd()
  const depth = Math.max(...heads.map(({ length }) => length))
  const head = Array.from({ length: depth }, (_, line) =>
    // Heads with fewer lines stand at the bottom, next to their column.
    paint.dim(join(heads.map((lines, column) => place(lines[line - depth + lines.length] ?? '', column)))),
  )
  const rule = paint.dim(indent + '─'.repeat(widths.reduce((sum, width) => sum + width + gap.length, -gap.length)))
  const body = rows.map((row) =>
    join(row.map(({ text, tone }, column) => (tone ? paint[tone] : String)(place(text, column)))),
  )
  return [...head, rule, ...body]
}
