/**
 * A part of the demo: one platform.
 *
 * @module
 */
import type { Look } from './style.ts'

/** Something that is measured, and reported on meanwhile. */
export interface Step {
  readonly title: string
  run(progress: (line: string) => void): Promise<unknown>
}

export interface Part {
  /** The platform. */
  readonly title: string
  /** Installs, finds and builds whatever the part needs. */
  readonly prepare: Step
  /** The timed steps: each has the machine for itself. */
  readonly timed: readonly Step[]
  /** The steps that mostly wait, so that all parts run them at the same time. */
  readonly waiting: Step
  /** To be called when all is over. One at a time. */
  report(): Promise<Report>
}

/** The result of a part. */
export interface Report {
  /** What ran, and how it went. */
  render(look: Look): string[]
  /** Whether `flushed` has kept its promise. */
  readonly kept: boolean
  /** The promise, in the past tense. */
  readonly promise: string
}
