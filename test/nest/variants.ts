/** The controller of the Nest application with decorators of ours in all places there are for them. */
import { readFile } from 'node:fs/promises'

/** What is put where. */
export interface Variant {
  readonly name: string
  readonly title: string
  /** The source. */
  readonly source: string
}

/** A line, and whether it is a decorator of a method of Nest's. */
const isDecorator = (line: string) => line.startsWith('  @')

/** Lines of a method's decorators become those lines with ours at a place: 0 is above them all. */
function withOurs(source: string, ours: readonly { line: string; place: number }[]): string {
  const out: string[] = []
  let block: string[] = []
  for (const line of source.split('\n')) {
    if (isDecorator(line)) {
      block.push(line)
      continue
    }
    if (block.length) {
      const places = block.length
      // The last places first, so that they are still those that are meant. What is beyond the last is the last.
      for (const { line, place } of ours.toSorted((a, b) => b.place - a.place)) block.splice(Math.min(place, places), 0, `  ${line}`)
      out.push(...block)
      block = []
    }
    out.push(line)
  }
  return out.join('\n')
}

/** How many places there are at most: one more than decorators. */
function mostPlaces(source: string): number {
  let most = 0
  let now = 0
  for (const line of source.split('\n')) {
    now = isDecorator(line) ? now + 1 : 0
    most = Math.max(most, now)
  }
  return most + 1
}

const BELOW = Number.POSITIVE_INFINITY

/** All of them; the first has none of ours. */
export async function variantsOf(file: string): Promise<Variant[]> {
  const source = await readFile(file, 'utf8')
  const places = Array.from({ length: mostPlaces(source) }, (_, place) => place)
  const flushed = (name: string) => `@Flushed({ ...options, attributes: { 'app.variant': '${name}' } })`
  const traced = (name: string) => `@Traced({ attributes: { 'app.variant': '${name}' } })`
  const at = (place: number) => (place === 0 ? 'above all' : place === places.length - 1 ? 'below all' : `below ${place}`)
  const one = (kind: string, line: (name: string) => string) =>
    places.map((place): Variant => {
      const name = `${kind}-${place}`
      return { name, title: `@${kind} ${at(place)}`, source: withOurs(source, [{ line: line(name), place }]) }
    })
  const both = (name: string, title: string, above: string, below: string): Variant => ({
    name,
    title,
    source: withOurs(source, [{ line: above, place: 0 }, { line: below, place: BELOW }]),
  })
  const classes = (name: string, title: string, from: string, to: string): Variant => ({
    name,
    title,
    source: withOurs(source, [{ line: `@Flushed({ attributes: { 'app.variant': '${name}' } })`, place: 0 }]).replace(from, to),
  })
  return [
    { name: 'plain', title: 'none', source },
    ...one('Flushed', flushed),
    ...one('Traced', traced),
    both('around', '@Flushed above all and @Traced below', flushed('around'), traced('around')),
    both('inside', '@Traced above all and @Flushed below', traced('inside'), flushed('inside')),
    classes('class-above', '@Telemetry above @Controller', "@ApiTags('orders')", "@Telemetry(options)\n@ApiTags('orders')"),
    classes('class-below', '@Telemetry below @Controller', 'export class', '@Telemetry(options)\nexport class'),
  ]
}
