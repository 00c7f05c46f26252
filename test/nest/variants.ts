/** The controller of the Nest application, with our decorators in every possible place. */
import { readFile } from 'node:fs/promises'

/** One variant of the controller. */
export interface Variant {
  readonly name: string
  readonly title: string
  /** The source code of the controller. */
  readonly source: string
}

const isDecorator = (line: string) => line.startsWith('  @')

// Nest awaits whatever a method returns. `@Flushed()` makes a method asynchronous, and its type requires a promise.
const unlessAsync = (method: string, line: string) =>
  method.startsWith('  async ') || !line.startsWith('@Flushed') ? [] : ['  // @ts-expect-error -- the method returns no promise']

/** Puts lines among the decorators of each method: place 0 is above them all, any place beyond the last is below them all. */
function withOurs(source: string, ours: readonly { line: string; place: number }[]): string {
  const out: string[] = []
  let decorators: string[] = []
  for (const line of source.split('\n')) {
    if (isDecorator(line)) {
      decorators.push(line)
      continue
    }
    if (decorators.length) {
      const last = decorators.length
      // From the bottom up, so that the places above stay valid.
      for (const { line: own, place } of ours.toSorted((a, b) => b.place - a.place)) {
        decorators.splice(Math.min(place, last), 0, ...unlessAsync(line, own), `  ${own}`)
      }
    }
    out.push(...decorators, line)
    decorators = []
  }
  return out.join('\n')
}

/** The most places that any method has: one more than it has decorators. */
function mostPlaces(source: string): number {
  let most = 0
  let now = 0
  for (const line of source.split('\n')) {
    now = isDecorator(line) ? now + 1 : 0
    most = Math.max(most, now)
  }
  return most + 1
}

const IMPORTS = `import { applyDecorators } from '@nestjs/common'
import { Flushed, Telemetry, Traced, options } from '../telemetry.js'
`

const BELOW = Number.POSITIVE_INFINITY

/** All variants. The first has none of our decorators. */
export async function variantsOf(file: string): Promise<Variant[]> {
  const source = `${IMPORTS}${(await readFile(file, 'utf8')).replaceAll("from './", "from '../")}`
  const places = Array.from({ length: mostPlaces(source) }, (_, place) => place)
  const flushed = (name: string) => `@Flushed({ ...options, attributes: { 'app.variant': '${name}' } })`
  const traced = (name: string) => `@Traced({ attributes: { 'app.variant': '${name}' } })`
  const at = (place: number) => (place === 0 ? 'above all' : place === places.length - 1 ? 'below all' : `below ${place}`)
  const one = (kind: string, line: (name: string) => string) =>
    places.map((place): Variant => {
      const name = `${kind}-${place}`
      return { name, title: `@${kind} ${at(place)}`, source: withOurs(source, [{ line: line(name), place }]) }
    })
  const composed = (name: string, title: string, place: number): Variant => ({
    name,
    title,
    source: withOurs(source, [{ line: `@applyDecorators(${flushed(name).slice(1)})`, place }]),
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
    composed('composed-above', 'a decorator composed of ours above all', 0),
    composed('composed-below', 'a decorator composed of ours below all', BELOW),
    classes('class-above', '@Telemetry above @Controller', "@ApiTags('orders')", "@Telemetry(options)\n@ApiTags('orders')"),
    classes('class-below', '@Telemetry below @Controller', 'export class', '@Telemetry(options)\nexport class'),
  ]
}
