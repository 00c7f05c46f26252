/** Alarms: one timer for everything that is nearly always cleared before it rings. On a fake clock, and on Node's timers. */
import { useClock } from 'flushed/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { clearAlarm, setAlarm } from '../../src/core/alarm.ts'
import { type FakeClock, fakeClock } from '../../src/testing/clock.ts'

let time: FakeClock
let rung: string[]

beforeEach(() => useClock((time = fakeClock())))
afterEach(() => useClock(undefined))
beforeEach(() => void (rung = []))

const set = (name: string, ms: number) => setAlarm(() => rung.push(name), ms)

describe('alarms', () => {
  test('ring at their times, whatever order they were set in', async () => {
    set('late', 300)
    set('soon', 100)
    set('later', 400)
    await time.advance(100)
    expect(rung).toEqual(['soon'])
    await time.advance(300)
    expect(rung).toEqual(['soon', 'late', 'later'])
    expect(time.pending).toBe(0)
  })

  test('share one timer', () => {
    const alarms = [set('a', 100), set('b', 200), set('c', 150)]
    expect(time.pending).toBe(1)
    alarms.forEach(clearAlarm)
  })

  test('do not ring once they are cleared, while the others do', async () => {
    const cleared = set('cleared', 100)
    set('left', 200)
    clearAlarm(cleared)
    clearAlarm(cleared)
    await time.advance(200)
    expect(rung).toEqual(['left'])
  })

  test('leave no timer behind on a clock whose timers would keep the process alive', () => {
    clearAlarm(set('only', 100))
    expect(time.pending).toBe(0)
  })

  test('further away than timers can count use the longest timer there is, one after another', async () => {
    const longest: number[] = []
    useClock({ ...time, setTimeout: (callback: () => void, ms: number) => (longest.push(ms), time.setTimeout(callback, ms)) })
    const alarm = setAlarm(() => rung.push('never'), Number.MAX_SAFE_INTEGER)
    await time.advance(2 ** 31)
    expect(longest).toEqual([2 ** 31 - 1, 2 ** 31 - 1])
    expect(rung).toEqual([])
    clearAlarm(alarm)
  })

  test('get a new timer if the old one is overdue and has not fired', async () => {
    // Such as a fake timer whose test has restored the real ones.
    let fake = true
    useClock({ ...time, setTimeout: (ring, ms) => (fake ? undefined : time.setTimeout(ring, ms)) })
    set('never', 100)
    await time.advance(200)
    fake = false
    set('after', 300)
    await time.advance(300)
    expect(rung).toContain('after')
  })

  test('can be set by another alarm as it rings', async () => {
    setAlarm(() => set('second', 100), 100)
    await time.advance(200)
    expect(rung).toEqual(['second'])
  })
})

describe("alarms on Node's timers", () => {
  const timers: NodeJS.Timeout[] = []
  const awake = () => timers.map((timer) => timer.hasRef())

  beforeEach(() => {
    timers.length = 0
    useClock({
      now: () => performance.now(),
      setTimeout: (callback, ms) => timers[timers.push(setTimeout(callback, ms)) - 1],
      clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
    })
  })
  afterEach(() => timers.forEach(clearTimeout))

  test('leave one timer behind, which does not keep the process alive, and use it again', () => {
    clearAlarm(set('first', 10_000))
    expect(awake()).toEqual([false])
    const second = set('second', 20_000)
    expect(awake()).toEqual([true])
    clearAlarm(second)
    expect(awake()).toEqual([false])
  })

  test('keep the process alive for as long as one of them is to, whatever becomes of the others', () => {
    const idle = setAlarm(() => {}, 10_000, true)
    expect(awake()).toEqual([false])
    const first = set('first', 20_000)
    const second = set('second', 20_000)
    expect(awake()).toEqual([true])
    clearAlarm(idle)
    clearAlarm(first)
    expect(awake()).toEqual([true])
    clearAlarm(setAlarm(() => {}, 30_000, true))
    expect(awake()).toEqual([true])
    clearAlarm(second)
    expect(awake()).toEqual([false])
  })
})
