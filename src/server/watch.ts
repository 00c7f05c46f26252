/**
 * The end of the process: what asks for it, and what it leaves time for.
 *
 * @module
 */
import { clock } from '../core/clock.ts'
import { stopped } from '../core/errors.ts'
import type { Wrap } from '../core/lifecycle.ts'
import type { FlushReport } from '../core/types.ts'
import { type Participant, shared } from './state.ts'

type Signal = 'SIGTERM' | 'SIGINT'

/** The part of Node's `process`, and of what acts as it, that is used. */
interface Process {
  readonly pid: number
  on(event: string, listener: (signal: Signal) => void): unknown
  prependListener(event: string, listener: (signal: Signal) => void): unknown
  off(event: string, listener: (signal: Signal) => void): unknown
  listenerCount(event: string): number
  kill(pid: number, signal: Signal): unknown
}

const SIGNALS: Signal[] = ['SIGTERM', 'SIGINT']

/** Milliseconds within which a second SIGINT is an echo: a terminal sends one to npm and to the server, and npm passes its on. */
const ECHO_MS = 1000

const processOf = (): Partial<Process> | undefined => (globalThis as { process?: Partial<Process> }).process

let signalledAt: number | undefined
/** Whether somebody else listened to the last signal, and so decides when the process ends. */
let others = false
/** Whether this copy of the package is the one that listens. */
let listening = false

/** Makes sure that a participant is drained when the process is told to end, or has nothing left to do. */
export function join(participant: Participant): void {
  shared.participants.add(participant)
  watch()
}

/** Removes a participant that has nothing to send any more. Without participants, nothing of ours listens. */
export function part(participant: Participant): void {
  // Once the process has been told to end, do not begin to watch again.
  if (signalledAt !== undefined) return
  shared.participants.delete(participant)
  if (!listening || shared.participants.size > 0) return
  unwatch()
  shared.watched = false
}

function watch(): void {
  const process = processOf()
  if (shared.watched || !process?.on || !process.prependListener) return
  shared.watched = listening = true
  // In front of others, to know of them: listeners added by `once` are gone after they have been called.
  for (const signal of SIGNALS) process.prependListener(signal, onSignal)
  process.on('beforeExit', onEmpty)
}

function unwatch(): void {
  const process = processOf()
  listening = false
  for (const signal of SIGNALS) process?.off?.(signal, onSignal)
  process?.off?.('beforeExit', onEmpty)
}

function onEmpty(): void {
  for (const participant of shared.participants) participant.emptied()
}

async function onSignal(signal: Signal): Promise<void> {
  const now = clock().now()
  const process = processOf()
  const listeners = () => (process?.listenerCount?.(signal) ?? 0) - exitHooks()
  others = listeners() > 1
  // Libraries send SIGTERM again when they have closed their server: the drain is over in time. People in a hurry have SIGINT.
  if (signalledAt === undefined) {
    signalledAt = now
    // Never taken back: if others keep the process alive, they do so only until it ends.
    shared.draining++
    await drainAll(stopped(signal))
  } else if (signal === 'SIGTERM' || now - signalledAt < ECHO_MS) return
  unwatch()
  // End the process as it would end without this listener. If there is another listener, it decides.
  if (!others && listeners() === 0) process?.kill?.(process.pid as number, signal)
}

/**
 * The number of listeners that `signal-exit` has for each signal: many packages depend on it. It calls their hooks and ends the
 * process, but only if nobody else listens. Its versions count one another by these properties. Source: signal-exit 3.0.7 and 4.1.0.
 */
function exitHooks(): number {
  const { process, [SIGNAL_EXIT]: emitter } = globalThis as SignalExit
  return (process?.__signal_exit_emitter__?.count ?? 0) + (emitter?.count ?? 0)
}

const SIGNAL_EXIT = Symbol.for('signal-exit emitter')

interface SignalExit {
  readonly process?: { readonly __signal_exit_emitter__?: { readonly count?: number } }
  readonly [SIGNAL_EXIT]?: { readonly count?: number }
}

/**
 * Waits for what is open, and flushes. Never rejects.
 *
 * @param cause becomes the error of what is still open when the time is up
 * @param of the wrap whose requests these are. Default: all of them
 */
export async function drainAll(cause: Error, drainMs?: number, of?: Wrap): Promise<FlushReport[]> {
  const startedAt = clock().now()
  const elapsedMs = () => clock().now() - startedAt
  const reports = new Map<Participant, FlushReport>()
  // Requests may come to one while others are waited for, and to new ones.
  const isDue = (participant: Participant) => !reports.has(participant) || participant.due?.(drainMs, elapsedMs())
  const due = () => [...shared.participants].filter((participant) => (!of || participant.serves?.(of)) && isDue(participant))
  shared.draining++
  try {
    for (let those; (those = due()).length; ) {
      const drained = await Promise.all(those.map((participant) => participant.drain(cause, drainMs, elapsedMs())))
      for (const [n, report] of drained.entries()) reports.set(those[n] as Participant, report)
    }
    return [...reports.values()]
  } finally {
    shared.draining--
  }
}
