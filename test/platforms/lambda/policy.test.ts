/** When a `policy` flushes, on a fake clock. `policy-client` has the same on the real runtime clients. */
import { setImmediate as turn } from 'node:timers/promises'
import { ROOT_CONTEXT } from '@opentelemetry/api'
import { span, waitUntil, withTelemetry } from 'flushed/lambda'
import { fakeClock, useClock } from 'flushed/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { shutdown } from '../../../src/core/early.ts'
import { InvocationState } from '../../../src/core/invocation.ts'
import type { Wrap } from '../../../src/core/lifecycle.ts'
import { resolveOptions } from '../../../src/core/options.ts'
import { shared } from '../../../src/server/extension.ts'
import { type Policy, Schedule } from '../../../src/platforms/lambda/policy.ts'
import type { FlushContext, FlushReport, Phase } from '../../../src/core/types.ts'
import { newIsolate, pipeline } from '../../support/sdk.ts'

let time = fakeClock()
beforeEach(() => {
  newIsolate()
  useClock((time = fakeClock()))
  shared.extension = { events: 'invoke', begun() {}, holds: () => true, done() {} }
})
afterEach(() => {
  useClock(undefined)
  delete shared.extension
})

function scheduled(policy: Policy, backlog = () => 0) {
  const flushes: PromiseWithResolvers<void>[] = []
  const told: number[] = []
  const flush = ({ timeoutMs }: FlushContext) => {
    told.push(timeoutMs)
    const answer = Promise.withResolvers<void>()
    flushes.push(answer)
    return answer.promise
  }
  const telemetry = { stages: [{ name: 'all', flushables: [{ name: 'flush', flush }] }], backlog }
  const config = { ...resolveOptions(), telemetry, timeoutMs: 60_000 }
  const wrap: Wrap = { config, platform: { name: 'test', describe: () => { throw new Error('nothing is opened') } } }
  const schedule = new Schedule(policy, false, () => wrap)
  const settled = Object.assign(new InvocationState(wrap, [], ROOT_CONTEXT), { live: false })
  /** Runs one invocation. Returns what its sandbox waits for: its own flush, another that is under way, or nothing. */
  const invoke = async ({ fast = false, phase = 'after-response' as Phase } = {}) => {
    schedule.begun(() => 60_000)
    if (!fast) await turn()
    let held: unknown = 'nothing'
    const inner = { phase, hold: (finish: () => unknown) => (held = finish() ?? 'nothing') }
    schedule.lifetime(inner).hold(() => Promise.resolve(undefined).then(() => undefined), settled)
    // In an object: an async function that returned the promise itself would wait for it.
    return { held }
  }
  /** Runs one invocation, and says in one word what became of its telemetry. */
  const outcome = async () => {
    const before = flushes.length
    const { held } = await invoke()
    if (held === 'nothing') return 'left'
    return flushes.length > before ? 'overlapped' : 'flushed'
  }
  return { schedule, flushes, told, invoke, outcome }
}

const times = async (n: number, outcome: () => Promise<string>) => {
  const outcomes = []
  for (let i = 0; i < n; i++) outcomes.push(await outcome())
  return outcomes
}

describe('the policy `adaptive`', () => {
  test('flushes at the end of each invocation until five have followed quickly, then beside the next', async () => {
    const { outcome } = scheduled('adaptive')
    expect(await times(8, outcome)).toEqual([...Array(5).fill('flushed'), 'left', 'overlapped', 'flushed'])
  })

  test('flushes at the end of each invocation again after a pause of one second', async () => {
    const { outcome } = scheduled('adaptive')
    await times(5, outcome)
    await time.advance(1000)
    expect(await times(6, outcome)).toEqual([...Array(5).fill('flushed'), 'left'])
  })

  test('waits for a flush that is under way before the freeze, and starts no other beside it', async () => {
    const { invoke, flushes } = scheduled('adaptive')
    for (let i = 0; i < 6; i++) await invoke()
    const [first, second] = [(await invoke()).held, (await invoke()).held]
    expect(flushes).toHaveLength(1)
    expect(first).toBeInstanceOf(Promise)
    expect(second).toBe(first)
    flushes[0]?.resolve()
    await first
    await invoke()
    expect(flushes).toHaveLength(2)
  })

  test('makes a flush at the end of an invocation wait for one that is under way too', async () => {
    const { invoke, flushes } = scheduled('adaptive')
    for (let i = 0; i < 6; i++) await invoke()
    await time.advance(1000)
    const { held } = await invoke()
    let over = false
    const waited = Promise.resolve(held).then(() => (over = true))
    await turn()
    expect(over).toBe(false)
    flushes[0]?.resolve()
    await waited
  })

  test('leaves the flush to the next invocation if a handler settles at once, before its response', async () => {
    const { invoke, flushes } = scheduled('adaptive')
    for (let i = 0; i < 6; i++) await invoke()
    await invoke({ fast: true, phase: 'before-response' })
    await turn()
    expect(flushes).toHaveLength(0)
    await invoke()
    expect(flushes).toHaveLength(1)
  })

  test('gives a flush beside a handler no more time than the invocation has', async () => {
    const { schedule, invoke, told } = scheduled('adaptive')
    for (let i = 0; i < 6; i++) await invoke()
    schedule.begun(() => 300)
    await turn()
    expect(told.at(-1)).toBeLessThanOrEqual(300)
  })

  test('flushes nothing beside a handler if no telemetry is left from before', async () => {
    const { schedule, flushes } = scheduled('adaptive')
    for (let i = 0; i < 3; i++) schedule.begun(() => 60_000)
    await turn()
    expect(flushes).toEqual([])
  })
})

test('the policy `{ everyMs }` flushes at the end of the first invocation that is over so long after the last flush', async () => {
  const { schedule, outcome } = scheduled({ everyMs: 5000 })
  expect(await outcome()).toBe('flushed')
  schedule.learn({} as FlushReport)
  await time.advance(4999)
  expect(await outcome()).toBe('left')
  await time.advance(1)
  expect(await outcome()).toBe('flushed')
})

test.each<Policy>(['adaptive', { everyInvocations: 100 }, { everyMs: 60_000 }])('the policy %j flushes at once if there are enough spans for a batch', async (policy) => {
  let backlog = 0
  const { outcome } = scheduled(policy, () => backlog)
  await times(7, outcome)
  backlog = 1
  expect(await outcome()).toBe('flushed')
})

test('a policy may leave telemetry if the extension is registered for shutdown only', async () => {
  shared.extension = { events: 'shutdown', begun() {}, holds: () => false, done() {} }
  const { outcome } = scheduled({ everyInvocations: 3 })
  expect(await times(3, outcome)).toEqual(['left', 'left', 'flushed'])
})

test('an invocation that the environment’s shutdown ends reports what was left before as well', async () => {
  shared.extension = { events: 'invoke', begun() {}, holds: () => true, done: (_id, finish) => void finish?.() }
  const { telemetry } = pipeline()
  const reports: FlushReport[] = []
  const handler = withTelemetry(
    async (hangs: boolean) => {
      span('left open')
      if (hangs) return new Promise(() => {})
      waitUntil(Promise.reject(new Error('no such order')))
    },
    { telemetry, policy: { everyInvocations: 10 }, logger: false, onFlush: (report) => void reports.push(report) },
  )
  await handler(false)
  await turn()
  expect(reports).toEqual([])
  void handler(true)
  await shutdown([], new Error('SIGTERM'), 400)
  expect(reports).toMatchObject([{ phase: 'shutdown', spans: { endedByDispose: 2 }, warnings: ['background work failed: no such order'] }])
})
