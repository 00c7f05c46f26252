/**
 * A minimal test runner. This suite runs in workerd without a flag and on every Node, as whatever the compilers make of it;
 * no test framework does.
 */
import { type World, newWorld } from './world.js'

/** Where the suite runs, and what it was compiled with. */
export interface Facts {
  /** Whether contexts are followed through asynchronous code. */
  readonly als: boolean
  /** Whether `reflect-metadata` is there. */
  readonly reflect: boolean
  /** Whether types were compiled into metadata: `emitDecoratorMetadata`. */
  readonly emitted: boolean
}

/** The outcome of a case. `error` says why it failed. */
export interface Outcome {
  readonly name: string
  readonly error?: string
}

type Case = (world: World) => unknown

const cases: { name: string; needs: Partial<Facts>; run: Case }[] = []

/** Adds a case. It runs only where the facts are those that it needs. */
export function behaviour(name: string, run: Case, needs: Partial<Facts> = {}): void {
  cases.push({ name, run, needs })
}

const CASE_MS = 5000

async function outcomeOf(name: string, run: Case, facts: Facts): Promise<Outcome> {
  let timer: unknown
  const hung = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`hung for ${CASE_MS} ms`)), CASE_MS)
  })
  try {
    await Promise.race([run(newWorld(facts)), hung])
    return { name }
  } catch (thrown) {
    return { name, error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) }
  } finally {
    clearTimeout(timer as number)
  }
}

/** Runs the cases that these facts allow, one after the other, since the tracer provider is a global one. */
export async function run(facts: Facts): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const { name, needs, run } of cases) {
    const met = (Object.keys(needs) as (keyof Facts)[]).every((fact) => needs[fact] === facts[fact])
    if (met) outcomes.push(await outcomeOf(name, run, facts))
  }
  return outcomes
}

const shown = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner === undefined || typeof inner === 'function' || typeof inner === 'symbol' ? `<${String(inner)}>` : inner,
  )

/** Expects the very same value. */
export function is(actual: unknown, expected: unknown, what = 'value'): void {
  if (!Object.is(actual, expected)) throw new Error(`${what}: expected ${shown(expected)}, got ${shown(actual)}`)
}

/** Expects values that look the same. */
export function same(actual: unknown, expected: unknown, what = 'value'): void {
  if (shown(actual) !== shown(expected)) throw new Error(`${what}: expected ${shown(expected)}, got ${shown(actual)}`)
}

/** Returns what `run` throws, or rejects with. */
export async function thrownBy(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (thrown) {
    return thrown
  }
  throw new Error('nothing was thrown')
}

/** Expects a `TypeError` while the class is made, with a message that matches. */
export async function refused(run: () => unknown, message: RegExp): Promise<void> {
  const thrown = await thrownBy(run)
  if (!(thrown instanceof TypeError)) throw new Error(`expected a TypeError, got ${String(thrown)}`)
  if (!message.test(thrown.message)) throw new Error(`expected a message like ${message}, got: ${thrown.message}`)
}
