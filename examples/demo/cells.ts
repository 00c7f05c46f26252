/** Cells that all tables have. */
import { whole } from './style.ts'
import type { Cell } from './table.ts'

/** `80   88 %`, bad unless it is all of them. */
export const share = (part: number, all: number): Cell => ({
  text: `${whole(part)} ${`${Math.floor((100 * part) / all)}`.padStart(4)} %`,
  tone: part >= all ? 'good' : 'bad',
})

/** `+204 ms` */
export const added = (ms: number): string => (Math.round(ms) === 0 ? '±0 ms' : `${ms > 0 ? '+' : '−'}${whole(Math.abs(ms))} ms`)
