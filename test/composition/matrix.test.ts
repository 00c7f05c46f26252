/**
 * Specifies other people's wrappers inside and outside of ours, on the real runtime client, in a sandbox that stops the process: the
 * answer is the same as without `flushed`, and the telemetry of both has been delivered when the process stops.
 *
 * The table in docs/composition.md is printed from the results of this file. With `-u`, vitest rewrites it.
 */
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { rootOf } from '../support/lambda.ts'
import { ensureRuntimeClient } from '../support/runtime-client.mjs'
import { type Seen, deploy, startFunction } from './deployment.ts'
import { Matrix } from './matrix.ts'
import { type Order, type Told, WRAPPERS, type Wrapper } from './wrappers.ts'

const { version } = await ensureRuntimeClient()
const matrix = new Matrix()

beforeAll(deploy)

const functions = Map.groupBy(
  WRAPPERS.flatMap((wrapper) => [
    { name: `${wrapper.module}.${wrapper.export ?? 'handler'}`, wrapper },
    ...(wrapper.streams ? [{ name: `${wrapper.module}.stream`, wrapper }] : []),
  ]),
  ({ name }) => name,
)

const suites = [...functions].map(([name, entries]) => ({ name, wrappers: entries.map(({ wrapper }) => wrapper) }))

let ids = 0

const BOTH: readonly Order[] = ['inside', 'outside']
const OUTERMOST = 'flushed is not the outermost wrapper'
const isOurs = (line: string) => line.includes('flushed: ')
const importing = (modules: readonly string[]) => ({ NODE_OPTIONS: modules.map((module) => `--import ${module}`).join(' ') })

describe.each(suites)(`$name, on ${version}`, ({ name, wrappers }) => {
  test('answers as without `flushed`, and all telemetry is delivered at the freeze', { timeout: 60_000 }, async () => {
    const imports = wrappers.flatMap((wrapper) => wrapper.imports ?? [])
    const [before, after] = await Promise.all([
      startFunction(name, importing(imports)),
      startFunction(name, importing(['flushed/lambda/register', ...imports])),
    ])
    await using _before = before
    await using _after = after
    for (const wrapper of wrappers) {
      for (const fail of [false, true]) {
        const told = { id: ++ids, fail }
        // Only in the function that is not registered: a registered one is held for a while when a handler bypasses the wrap.
        const alone = await before.invoke(eventOf(wrapper, told, 'alone'))
        for (const order of wrapper.orders ?? BOTH) {
          const breaksRule = wrapper.breaksRule === order
          await check(wrapper, order, told, { seen: await before.invoke(eventOf(wrapper, told, order)), alone, name, breaksRule })
          await check(wrapper, order, told, { seen: await after.invoke(eventOf(wrapper, told, order)), alone, name, breaksRule: false })
        }
      }
    }
    const broken = wrappers.some((wrapper) => wrapper.breaksRule)
    expect(before.logs.filter(isOurs)).toEqual(broken ? [expect.stringContaining(OUTERMOST)] : [])
    expect(after.logs.filter(isOurs)).toEqual([])
  })
})

describe(`Sentry’s spans, on ${version}`, () => {
  const wrapper = WRAPPERS.find(({ module }) => module === 'sentry/spans') as Wrapper

  test.each([
    ['before', []],
    ['after', ['flushed/lambda/register']],
  ])('need a Sentry stage if `wrapHandler` is inside, as their root ends when it is done: flushed %s the response', async (_when, imports) => {
    await using deployed = await startFunction('sentry/spans.handler', { ...importing(imports), STAGED: 'no' }, 1000)
    const told = { id: ++ids, fail: false }
    const inside = await deployed.invoke(eventOf(wrapper, told, 'inside'))
    const outside = await deployed.invoke(eventOf(wrapper, told, 'outside'))
    expect([wrapper.theirs?.(inside, told), wrapper.theirs?.(outside, told)]).toEqual([false, true])
  })

  test('are missed if another version of the API package registered their provider, and the log says why', async () => {
    await using deployed = await startFunction('functions/copies.handler')
    const { answer, spans } = await deployed.invoke({ id: 1 })
    expect(answer).toMatchObject({ body: '{"id":1,"item":"chair"}' })
    expect(spans).toEqual([])
    expect(deployed.logs.filter(isOurs)).toEqual([expect.stringContaining('no OpenTelemetry tracer provider records spans')])
  })
})

const eventOf = (wrapper: Wrapper, told: Told, order: Order | 'alone') => ({
  ...(wrapper.event?.(told) ?? told),
  cell: `${wrapper.cell} ${order}`,
})

interface Compared {
  readonly name: string
  readonly alone: Seen
  readonly seen: Seen
  readonly breaksRule: boolean
}

function check(wrapper: Wrapper, order: Order, told: Told, { name, alone, seen, breaksRule }: Compared): void {
  const cell = {
    same: isDeepStrictEqual(seen.answer, alone.answer),
    spans: ['charge', 'left'].every((child) => seen.spans.some(({ name }) => name === child)) && rootOf(seen.spans) !== undefined,
    theirs: wrapper.theirs?.(seen, told),
    warned: seen.logs.some((line) => line.includes('WARNINGS [') && line.includes(OUTERMOST)),
  }
  matrix.add(wrapper, order, name.endsWith('.stream'), cell)
  const which = `${wrapper.title}, ${order}, ${JSON.stringify(told)}: ${seen.logs.join('\n')}`
  expect(seen.answer, which).toEqual(alone.answer)
  expect(cell, which).toEqual({ same: true, spans: true, theirs: wrapper.theirs && !(breaksRule && wrapper.late), warned: breaksRule })
  expect(seen.logs.filter((line) => /unhandled/i.test(line))).toEqual([])
}

test('docs/composition.md has the table of these results', async () => {
  const file = new URL('../../docs/composition.md', import.meta.url)
  const text = readFileSync(file, 'utf8')
  const printed = text.replace(/(?<=<!-- matrix -->\n)[^]*(?=<!-- \/matrix -->)/, () => matrix.print())
  await expect(printed).toMatchFileSnapshot(file.pathname)
})
