/** The names of the contestants that are measured in processes of their own: each is a file of `contestants` or `peers/contestants`. */

/** What each vendor's wrap passes to a no-op exporter, for an invocation with this many child spans. */
const VENDORS = {
  vercel: (children) => children + 1,
  evlog: () => 1,
  // These send to an agent of their own, or to a log: no exporter can take its place.
  powertools: () => 0,
  datadog: () => 0,
  sentry: (children) => children + 1,
}

export const isVendor = (name) => name in VENDORS

/** The contestants that are measured with a collector: they speak its protocol. latency.mjs measures the others with their own. */
const OWN = ['bare', 'plain', 'pattern', 'simple', 'instrumentation', 'middy', 'flushed']
export const contestantsOf = (mode) => (mode === 'collector' ? OWN : [...OWN, ...Object.keys(VENDORS)])

/** How many spans, or events, an invocation passes to a no-op exporter. */
export const spansExpected = (name, children) => (name === 'bare' ? 0 : (VENDORS[name]?.(children) ?? children + 1))
