/**
 * A part of the demo: one platform.
 *
 * @module
 */
import type { Look } from './style.ts'

/** Something that is measured, and told of meanwhile. */
export interface Step {
  readonly title: string
  run(progress: (line: string) => void): Promise<unknown>
}

export interface Part {
  /** The platform. */
  readonly title: string
  /** Installs, finds and builds what is needed. */
  readonly prepare: Step
  /** What is timed: each has the machine for itself. */
  readonly timed: readonly Step[]
  /** What mostly waits, so that all parts do it at the same time. */
  readonly waiting: Step
  /** To be called when all is over. One at a time. */
  report(): Promise<Report>
}

/** What a part has come to. */
export interface Report {
  /** What ran, and how it went. */
  render(look: Look): string[]
  /** Whether `flushed` has kept its promise. */
  readonly kept: boolean
  /** The promise, in the past tense. */
  readonly promise: string
}
