/**
 * The sandbox's record, its logs and its listeners.
 *
 * @module
 */
import { wallNow } from '../wall-clock.ts'
import type { EntryKind, LogLine, SandboxEntry, SandboxEvents } from './journal-types.ts'

type Listeners = { [E in keyof SandboxEvents]: Set<(detail: SandboxEvents[E]) => void> }

/** One for the whole life of a sandbox, over all the processes it has. */
export class Journal {
  readonly entries: SandboxEntry[] = []
  readonly logs: LogLine[] = []
  readonly #listeners: Listeners = {
    freeze: new Set(),
    thaw: new Set(),
    exit: new Set(),
    log: new Set(),
    entry: new Set(),
  }

  /** Writes a line, and returns its time, so that everything about one moment carries the same time. */
  note(kind: EntryKind, facts: Omit<SandboxEntry, 'at' | 'kind'> = {}): number {
    const entry: SandboxEntry = { at: wallNow(), kind, ...facts }
    this.entries.push(entry)
    this.emit('entry', entry)
    return entry.at
  }

  log(stream: LogLine['stream'], line: string): void {
    const entry: LogLine = { at: wallNow(), stream, line }
    this.logs.push(entry)
    this.emit('log', entry)
  }

  on<E extends keyof SandboxEvents>(event: E, listener: (detail: SandboxEvents[E]) => void): () => void {
    this.#listeners[event].add(listener)
    return () => this.#listeners[event].delete(listener)
  }

  emit<E extends keyof SandboxEvents>(event: E, detail: SandboxEvents[E]): void {
    for (const listener of this.#listeners[event]) listener(detail)
  }
}
