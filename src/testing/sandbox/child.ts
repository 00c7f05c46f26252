/**
 * The function's process: started in a group of its own, stopped, continued and killed by signals to that group, so that
 * whatever it spawned freezes and dies with it.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import type { Journal } from './journal.ts'
import type { RuntimeCommand } from './types.ts'

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Why there was no process to end; absent if there was one. */
  readonly notStarted?: string
}

/** Milliseconds to wait, at most, until the system shows a stopped process as stopped. */
const confirmationMs = 1000
/** Milliseconds, at most, to read what an ended process has written: one that it spawned in its own group may hold its pipes. */
const readingMs = 1000

const alive = new Set<Child>()
const killAll = (): void => {
  for (const child of alive) child.signal('SIGKILL')
}

/** A running (or stopped, or ended) function process. */
export class Child {
  readonly exited: Promise<Exit>
  /** Resolves once the process has ended and all that it has written is in the logs: its end overtakes its last lines. */
  readonly read: Promise<void>
  readonly #process: ChildProcess
  readonly #journal: Journal

  constructor(runtime: RuntimeCommand, cwd: string, env: Readonly<Record<string, string>>, journal: Journal) {
    this.#journal = journal
    this.#process = spawn(runtime.command, [...(runtime.args ?? [])], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    // A stopped process would outlive its parent for ever, and nobody would see it.
    if (!process.listeners('exit').includes(killAll)) process.once('exit', killAll)
    alive.add(this)
    for (const stream of ['stdout', 'stderr'] as const) {
      const output = this.#process[stream]
      if (output !== null) createInterface({ input: output }).on('line', (line) => journal.log(stream, line))
    }
    this.exited = new Promise((resolve) => {
      const ended = (exit: Exit, detail: string) => {
        // If the runtime exits by itself, what the function spawned would outlive it. Kill it now, and not later: the group's id
        // is free for others once its last process has gone.
        this.signal('SIGKILL')
        alive.delete(this)
        const { code, signal } = exit
        journal.emit('exit', { at: journal.note('exit', { detail }), code, signal })
        resolve(exit)
      }
      this.#process.once('exit', (code, signal) => ended({ code, signal }, signal ?? String(code)))
      // A command that cannot be started emits no `exit`.
      this.#process.once('error', ({ message }) => ended({ code: null, signal: null, notStarted: message }, message))
    })
    const closed = new Promise((resolve) => this.#process.once('close', resolve))
    this.read = this.exited.then(async () => {
      await Promise.race([closed, delay(readingMs, undefined, { ref: false })])
    })
    journal.note('spawn')
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Whether the process has not ended yet. */
  get running(): boolean {
    return alive.has(this)
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGKILL'): void {
    if (this.pid === undefined || !this.running) return
    try {
      process.kill(-this.pid, signal)
    } catch {
      // The group is gone; its exit event is on the way.
    }
  }

  /** The state letter of the process: `T` is stopped. */
  state(): string {
    if (!this.running) return 'X'
    if (process.platform !== 'linux') return 'unknown'
    try {
      // "pid (command) S …": the command may contain anything, parentheses included.
      const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8')
      return stat.charAt(stat.lastIndexOf(')') + 2)
    } catch {
      return 'X'
    }
  }

  /** Resolves once the system shows the process as stopped or ended, or cannot tell, and what it has written has been read. */
  async confirmStopped(): Promise<string> {
    const deadline = performance.now() + confirmationMs
    let state = this.state()
    // Stopping is asynchronous in the kernel, but takes microseconds: looking again is all there is to wait for.
    while (!'TXZ'.includes(state) && state !== 'unknown' && performance.now() < deadline) {
      await nextTurn()
      state = this.state()
    }
    // What the process has written is in the pipes by now. The first turn may have begun before that; the next one reads them.
    await nextTurn()
    await nextTurn()
    return state
  }

  /** SIGTERM and `graceMs` to leave, if `gently`; then SIGKILL. Resolves once the process has ended and its output is read. */
  async end(gently: boolean, graceMs: number): Promise<void> {
    if (this.running && gently) {
      this.#journal.note('sigterm')
      this.signal('SIGTERM')
      // A stopped process handles SIGTERM only once it runs again.
      this.signal('SIGCONT')
      let timer: NodeJS.Timeout | undefined
      const grace = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)))
      await Promise.race([this.exited, grace])
      clearTimeout(timer)
    }
    if (this.running) {
      this.#journal.note('sigkill')
      this.signal('SIGKILL')
    }
    await this.read
  }
}
