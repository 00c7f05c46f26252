import { fakeClock } from 'flushed/testing'
import { describe, expect, test } from 'vitest'

describe('fakeClock', () => {
  test('stands still until it is moved', async () => {
    const clock = fakeClock(1000)
    expect(clock.now()).toBe(1000)
    await clock.advance(250)
    expect(clock.now()).toBe(1250)
  })

  test('runs the timers that fall due in order, each at its own time', async () => {
    const clock = fakeClock()
    const ran: string[] = []
    clock.setTimeout(() => ran.push(`late ${clock.now()}`), 20)
    clock.setTimeout(() => ran.push(`early ${clock.now()}`), 10)
    clock.setTimeout(() => ran.push(`too ${clock.now()}`), 20)
    clock.setTimeout(() => ran.push('never'), 21)
    await clock.advance(20)
    expect(ran).toEqual(['early 10', 'late 20', 'too 20'])
    expect(clock.pending).toBe(1)
  })

  test('runs promise callbacks between timers, and the timers that those set', async () => {
    const clock = fakeClock()
    const ran: string[] = []
    const sleep = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms))
    const work = async () => {
      await sleep(10)
      ran.push(`first ${clock.now()}`)
      await sleep(10)
      ran.push(`second ${clock.now()}`)
    }
    void work()
    clock.setTimeout(() => ran.push(`between ${clock.now()}`), 15)
    await clock.advance(20)
    expect(ran).toEqual(['first 10', 'between 15', 'second 20'])
  })

  test('does not run a timer that has been cleared', async () => {
    const clock = fakeClock()
    const timer = clock.setTimeout(() => expect.unreachable(), 5)
    clock.clearTimeout(timer)
    clock.clearTimeout(undefined)
    expect(clock.pending).toBe(0)
    await clock.advance(10)
  })

  test('runs timers that are due already on `tick`, and stands still', async () => {
    const clock = fakeClock()
    let ran = false
    clock.setTimeout(() => (ran = true), 0)
    await clock.tick()
    expect(ran).toBe(true)
    expect(clock.now()).toBe(0)
  })

  test.each([-1, Number.NaN, Infinity])('refuses to move by %s', async (ms) => {
    await expect(fakeClock().advance(ms)).rejects.toThrow(RangeError)
  })
})
