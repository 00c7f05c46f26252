/**
 * Colours by what they mean, and text by the columns it takes.
 *
 * @module
 */
import pc from 'picocolors'
import stringWidth from 'string-width'

/** Options of everything that is drawn. */
export interface Look {
  /** The number of columns. */
  readonly width: number
  readonly color: boolean
}

type Paint = (text: string) => string

export interface Style {
  readonly title: Paint
  readonly good: Paint
  readonly warn: Paint
  readonly bad: Paint
  readonly ice: Paint
  readonly dim: Paint
}

export function style({ color }: Look): Style {
  const { bold, green, yellow, red, cyan, dim } = pc.createColors(color)
  return { title: bold, good: green, warn: yellow, bad: red, ice: cyan, dim }
}

/** Spaces to the right of `text`, or to its left, up to `width` columns. */
export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - stringWidth(text)))
export const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - stringWidth(text))) + text

/** Breaks text at spaces. The first line starts with `lead`, and the others are indented by its width. */
export function wrap(text: string, { width }: Look, lead = '  '): string[] {
  const lines: string[] = []
  let line = lead
  let empty = true
  for (const word of text.split(' ')) {
    if (!empty && stringWidth(line) + 1 + stringWidth(word) > width) {
      lines.push(line)
      line = ' '.repeat(stringWidth(lead))
      empty = true
    }
    line += empty ? word : ` ${word}`
    empty = false
  }
  return [...lines, line]
}

/** `1,234` */
export const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
