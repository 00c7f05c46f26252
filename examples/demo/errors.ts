/** An error in something that the demo runs. */
export class DemoError extends Error {
  /** Its output, as far as that helps. */
  readonly logs: readonly string[]

  constructor(message: string, logs: readonly string[]) {
    super(message)
    this.logs = logs.slice(-12).map((line) => (line.length > 240 ? `${line.slice(0, 239)}…` : line))
  }
}
