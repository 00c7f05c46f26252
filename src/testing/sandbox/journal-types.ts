/**
 * The vocabulary of the sandbox's records.
 *
 * @module
 */
import type { FreezeRecord } from './types.ts'

/**
 * What happened. `runtime.*` and `extension.*` came from the function's process, except `runtime.invoke` and
 * `extension.invoke`, which answered its `next`; the rest is what the sandbox did to the process or saw of it.
 */
export type EntryKind =
  | 'spawn'
  | 'runtime.next'
  | 'runtime.invoke'
  | 'runtime.response'
  | 'runtime.error'
  | 'runtime.init_error'
  | 'extension.register'
  | 'extension.refused'
  | 'extension.next'
  | 'extension.invoke'
  | 'extension.init_error'
  | 'extension.exit_error'
  | 'freeze'
  | 'thaw'
  | 'timeout'
  | 'sigterm'
  | 'sigkill'
  | 'exit'

/** One line of {@link LambdaSandbox.record}. */
export interface SandboxEntry {
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly at: number
  readonly kind: EntryKind
  readonly requestId?: string
  /** The extension's name. */
  readonly extension?: string
  /** The error type, for what failed or was refused; the exit code or signal, for `exit`. */
  readonly detail?: string
}

/** A line the function wrote. */
export interface LogLine {
  /** When it arrived, in milliseconds since the Unix epoch, with fractions. */
  readonly at: number
  readonly stream: 'stdout' | 'stderr'
  readonly line: string
}

/** Events of {@link LambdaSandbox.on}. */
export interface SandboxEvents {
  /** The process has just been stopped; what runs in the listener runs before anything else in this process. */
  freeze: Pick<FreezeRecord, 'requestId' | 'at' | 'afterMs'>
  /** The process is about to be continued. */
  thaw: { readonly requestId: string; readonly at: number }
  /** The process has ended. */
  exit: { readonly at: number; readonly code: number | null; readonly signal: string | null }
  log: LogLine
  /** Any line of the record. */
  entry: SandboxEntry
}
