/** The groups that can be measured, and for how long. */

const BOTH = [0, 5]

/**
 * @param {boolean} quick
 * @returns how often and how long each group is measured
 */
export const plansFor = (quick) => (quick ? QUICK : FULL)

const wraps = (plan) => ({ children: BOTH, ...plan })

const QUICK = {
  noop: wraps({ rounds: 1, turns: 1, ms: 20, warmUpMs: 40 }),
  unsampled: wraps({ rounds: 1, turns: 1, ms: 20, warmUpMs: 40 }),
  collector: wraps({ rounds: 1, turns: 1, ms: 20, warmUpMs: 40 }),
  latency: { rounds: 2, outages: 1 },
  freeze: { rounds: 1 },
  loads: { modules: 1, bundles: 1 },
  workers: { rounds: 3, outages: 2, heap: {} },
  heap: {},
  coldStart: { rounds: 3, alone: 3 },
}

const [LIGHT, HEAVY] = [200_000, 10_000]

const FULL = {
  // With less warm-up, this would measure the compiler, most of all for the contestants with the most code. The engine compiles
  // each process a little differently, by more than the closest contestants differ: hence the many rounds.
  noop: wraps({ rounds: 7, turns: 3, ms: 150, warmUpMs: 900 }),
  unsampled: wraps({ rounds: 5, turns: 3, ms: 100, warmUpMs: 600 }),
  // A request takes fifty times as long as all the rest, and varies by more than contestants differ. Compilation takes as many
  // invocations as in the other modes, and these take that much longer.
  collector: wraps({ rounds: 5, turns: 2, ms: 700, warmUpMs: 4500 }),
  latency: { rounds: 15, outages: 2 },
  freeze: { rounds: 4 },
  loads: { modules: 6, bundles: 20 },
  workers: {
    rounds: 40,
    outages: 5,
    heap: { pattern: HEAVY, 'otel-cf-workers': HEAVY, sentry: HEAVY, evlog: HEAVY, flushed: 100_000 },
  },
  // Contestants that take a millisecond for an invocation make fewer of them.
  heap: { pattern: LIGHT, instrumentation: LIGHT, vercel: LIGHT, evlog: LIGHT, powertools: HEAVY, datadog: HEAVY, sentry: HEAVY, flushed: LIGHT },
  // Measured alone, it gets enough time to be exact.
  coldStart: { rounds: 8, alone: 60 },
}
