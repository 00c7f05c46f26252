/** Keeps the account of one pipeline: every span that has ended, and every report. */

export class Account {
  /** Spans that have ended. */
  ended = new Set()
  acknowledged = 0
  lost = 0
  late = 0
  endedByDispose = 0
  /** Sums over all reports. One span may be pending, or carried over, in several of them. */
  pending = 0
  carriedOver = 0
  invocations = 0
  outcomes = {}
  longestMs = 0
  last = undefined

  constructor(name) {
    this.name = name
  }

  /** A span processor for the tracer provider: records every span that ends. */
  processor = {
    onStart: () => {},
    onEnd: (span) => void this.ended.add(span.spanContext().spanId),
    forceFlush: async () => {},
    shutdown: async () => {},
  }

  onFlush = (report) => {
    const { outcome, durationMs, spans } = report
    this.last = report
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1
    this.longestMs = Math.max(this.longestMs, durationMs)
    this.acknowledged += spans.acknowledged
    this.lost += spans.failed
    for (const fate of ['late', 'endedByDispose', 'pending', 'carriedOver']) this[fate] += spans[fate]
  }

  /** Whether the last report says that nothing is left to send. */
  get settled() {
    return this.last !== undefined && this.last.spans.pending + this.last.spans.carriedOver === 0
  }

  /**
   * Everything that does not add up, each as a sentence.
   *
   * @param {Set<string>} collected spans that the collector has acknowledged
   */
  errors(collected) {
    const { ended, acknowledged, lost } = this
    const there = [...ended].filter((id) => collected.has(id)).length
    const wrong = []
    const must = (holds, sentence) => holds || wrong.push(`${this.name}: ${sentence}`)
    must(this.settled, 'the last flush has left something')
    must(acknowledged + lost === ended.size, `${ended.size} spans have ended, and ${acknowledged} + ${lost} are reported`)
    must(acknowledged <= there, `${acknowledged} spans are reported acknowledged, and the collector has ${there}`)
    must(ended.size - there <= lost, `${ended.size - there} spans are missing, and ${lost} are reported lost`)
    return wrong
  }

  row(collected) {
    const { name, invocations, ended, acknowledged, lost, late, endedByDispose, longestMs } = this
    const there = [...ended].filter((id) => collected.has(id)).length
    return { pipeline: name, invocations, spans: ended.size, acknowledged, lost, 'in the collector': there, late, 'ended by dispose': endedByDispose, 'longest flush, ms': Math.round(longestMs) }
  }
}
