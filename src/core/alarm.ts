/**
 * Alarms: timers that are nearly always cleared before they ring.
 *
 * To set a timer and clear it costs more than the rest of a flush. So one timer serves all alarms. When the last alarm is
 * cleared, the timer stays, without keeping the process alive. An alarm that is later than the timer needs no other timer.
 *
 * @module
 */
import { clock } from './clock.ts'
import { ENDLESS_MS } from './deadline.ts'
import type { Clock, Timers } from './types.ts'

/** An alarm that has been set. */
export interface Alarm {
  readonly at: number
  readonly ring: () => void
  readonly idle: boolean
}

/** The timer behind all alarms. */
interface Armed {
  readonly clock: Clock
  readonly at: number
  readonly timer: unknown
  /** Whether it keeps the process alive. */
  awake: boolean
}

const set: Alarm[] = []
/** The number of alarms that keep the process alive. */
let awake = 0
let armed: Armed | undefined

/**
 * Calls `ring` in `ms` milliseconds.
 *
 * @param idle whether the process may end before that, if nothing else keeps it alive. Default: it may not.
 */
export function setAlarm(ring: () => void, ms: number, idle = false): Alarm {
  const now = clock().now()
  const alarm = { at: now + ms, ring, idle }
  set.push(alarm)
  if (!idle) awake++
  if (armed && armed.at < now) armAgain(now)
  else if (armed?.clock !== clock() || alarm.at < armed.at) arm(alarm.at, ms)
  else if (!idle && !armed.awake) wake(armed)
  return alarm
}

/** Clears an alarm. Does no harm if the alarm has rung, or has been cleared already. */
export function clearAlarm(alarm: Alarm | undefined): void {
  const at = alarm ? set.lastIndexOf(alarm) : -1
  if (at < 0) return
  if (at === set.length - 1) set.pop()
  else set.splice(at, 1)
  if (!alarm?.idle) awake--
  if (armed?.awake && awake === 0) doze(armed)
  // Outside Node, a timer cannot be left behind: it would keep something alive, or outlive its request.
  if (armed?.awake && set.length === 0) disarm(armed)
}

function arm(at: number, ms: number): void {
  if (armed) disarm(armed)
  armed = { clock: clock(), at, timer: clock().setTimeout(rang, Math.min(Math.max(0, ms), ENDLESS_MS)), awake: true }
  if (awake === 0) doze(armed)
}

function disarm({ clock, timer }: Armed): void {
  clock.clearTimeout(timer)
  armed = undefined
}

function wake(sleeping: Armed): void {
  ;(sleeping.timer as NodeJS.Timeout).ref()
  sleeping.awake = true
}

function doze(waking: Armed): void {
  const timer = waking.timer as Partial<NodeJS.Timeout>
  if (typeof timer.unref !== 'function') return
  timer.unref()
  waking.awake = false
}

function rang(): void {
  armed = undefined
  const now = clock().now()
  // Timers count whole milliseconds, and may ring a fraction early.
  const due = set.filter(({ at }) => at - now < 1)
  for (const alarm of due) clearAlarm(alarm)
  armAgain(now)
  for (const { ring } of due) ring()
}

function armAgain(now: number): void {
  const next = set.reduce((soonest, { at }) => Math.min(soonest, at), Infinity)
  if (next < Infinity) arm(next, next - now)
}

/** Alarms as timers, for platforms whose timers may serve several invocations. */
export const alarms: Timers = {
  setTimeout: setAlarm,
  clearTimeout: (alarm) => clearAlarm(alarm as Alarm | undefined),
}
