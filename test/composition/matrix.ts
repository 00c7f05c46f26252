/** The table in the documentation, made from the results of the tests. */
import { versionOf } from './deployment.ts'
import { ORDERS, type Order, WRAPPERS, type Wrapper } from './wrappers.ts'

/** The outcome of one invocation in one cell. */
export interface Cell {
  readonly same: boolean
  readonly spans: boolean
  readonly theirs: boolean | undefined
  readonly warned: boolean
}

export class Matrix {
  readonly #cells = new Map<string, { cell: Cell; streamed: boolean }[]>()

  add({ title }: Wrapper, order: Order, streamed: boolean, cell: Cell): void {
    const key = `${title} ${order}`
    this.#cells.set(key, [...(this.#cells.get(key) ?? []), { cell, streamed }])
  }

  print(): string {
    const head = ['W', '', 'answers unchanged', 'of these, streamed', 'our spans at the freeze', 'its own telemetry at the freeze', 'warnings']
    const rows = WRAPPERS.flatMap((wrapper) =>
      (Object.keys(ORDERS) as Order[]).map((order, index) => [
        index === 0 ? [wrapper.title, wrapper.packages.map(versionOf).join(', ')].filter(Boolean).join(' · ') : '',
        `\`${ORDERS[order]}\``,
        ...this.#row(wrapper, order),
      ]),
    )
    const line = (columns: readonly string[]) => `| ${columns.join(' | ')} |\n`
    return [head, head.map(() => '---'), ...rows].map(line).join('')
  }

  #row({ title, theirs }: Wrapper, order: Order): string[] {
    const cells = this.#cells.get(`${title} ${order}`)
    if (!cells) return ['–', '–', '–', '–', '–']
    const of = (seen: (cell: Cell) => boolean | undefined, all = cells) => `${all.filter(({ cell }) => seen(cell)).length} of ${all.length}`
    const streamed = cells.filter((each) => each.streamed)
    return [
      of(({ same }) => same),
      streamed.length > 0 ? of(({ same }) => same, streamed) : '–',
      of(({ spans }) => spans),
      theirs ? of((cell) => cell.theirs) : '–',
      cells.some(({ cell }) => cell.warned) ? of(({ warned }) => warned) : 'none',
    ]
  }
}
