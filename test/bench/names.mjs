/** Who is measured in a process of their own, by name: each is a file of `contestants` or `peers/contestants`. */

/** What each vendor's wrap hands to a no-op exporter, of an invocation with so many child spans. */
const VENDORS = {
  vercel: (children) => children + 1,
  evlog: () => 1,
  // These have an agent of their own to send to, or a log: nothing can be put in its place.
  powertools: () => 0,
  datadog: () => 0,
  sentry: (children) => children + 1,
}

export const isVendor = (name) => name in VENDORS

/** With a collector, those that speak its protocol: the others have theirs, and are in latency.mjs. */
const OWN = ['bare', 'plain', 'pattern', 'simple', 'instrumentation', 'middy', 'flushed']
export const contestantsOf = (mode) => (mode === 'collector' ? OWN : [...OWN, ...Object.keys(VENDORS)])

/** How many spans, or events, an invocation hands to a no-op exporter. */
export const spansExpected = (name, children) => (name === 'bare' ? 0 : (VENDORS[name]?.(children) ?? children + 1))
