/** Something that went wrong in what the demo runs. */
export class DemoError extends Error {
  /** What it wrote, as far as it helps. */
  readonly logs: readonly string[]

  constructor(message: string, logs: readonly string[]) {
    super(message)
    this.logs = logs.slice(-12).map((line) => (line.length > 240 ? `${line.slice(0, 239)}…` : line))
  }
}
