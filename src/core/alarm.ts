/**
 * Timers that are nearly always cleared before they ring.
 *
 * To set one and clear it is dearer than the rest of a flush. So one timer serves all alarms: when the last of them is
 * cleared it stays, without keeping the process alive, and an alarm that is later than it needs no other.
 *
 * @module
 */
import { clock } from './clock.ts'
import type { Clock } from './types.ts'

/** An alarm that has been set. */
export interface Alarm {
  readonly at: number
  readonly ring: () => void
  readonly idle: boolean
}

interface Armed {
  readonly clock: Clock
  readonly at: number
  readonly timer: unknown
}

const alarms: Alarm[] = []
/** How many of them keep the process alive. */
let awake = 0
let armed: Armed | undefined

/**
 * Has `ring` called in `ms` milliseconds.
 *
 * @param idle whether the process may end before, if nothing else keeps it alive. Default: it may not.
 */
export function setAlarm(ring: () => void, ms: number, idle = false): Alarm {
  const alarm = { at: clock().now() + ms, ring, idle }
  alarms.push(alarm)
  if (!idle) awake++
  if (armed?.clock !== clock() || alarm.at < armed.at) arm(alarm.at, ms)
  else if (!idle && awake === 1) (armed.timer as Partial<NodeJS.Timeout>).ref?.()
  return alarm
}

/** Does no harm to one that has rung, or has been cleared already. */
export function clearAlarm(alarm: Alarm | undefined): void {
  const at = alarm ? alarms.indexOf(alarm) : -1
  if (at < 0) return
  alarms.splice(at, 1)
  if (!alarm?.idle) awake--
  if (alarms.length === 0 && armed) rest(armed)
  else if (awake === 0) doze(armed)
}

function arm(at: number, ms: number): void {
  if (armed) armed.clock.clearTimeout(armed.timer)
  armed = { clock: clock(), at, timer: clock().setTimeout(rang, Math.max(0, ms)) }
  if (awake === 0) doze(armed)
}

const doze = (armed: Armed | undefined): unknown => (armed?.timer as Partial<NodeJS.Timeout> | undefined)?.unref?.()

// Elsewhere than on Node a timer cannot be left: it would keep something alive, or outlive its request.
function rest(idle: Armed): void {
  if (doze(idle)) return
  idle.clock.clearTimeout(idle.timer)
  armed = undefined
}

function rang(): void {
  armed = undefined
  const now = clock().now()
  // Timers count whole milliseconds, and may ring a fraction early.
  const due = alarms.filter(({ at }) => at - now < 1)
  for (const alarm of due) clearAlarm(alarm)
  const next = alarms.reduce((soonest, { at }) => Math.min(soonest, at), Infinity)
  if (next < Infinity) arm(next, next - now)
  for (const { ring } of due) ring()
}
