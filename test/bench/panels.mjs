/** The parts of a report that the chart draws. */
import { DEPLOYED } from './deployed.mjs'

/** Short names, in the order of the chart. */
const NAMES = {
  pattern: 'forceFlush, batch',
  simple: 'forceFlush, simple',
  instrumentation: 'OTel instrumentation',
  middy: 'middy',
  vercel: '@vercel/otel',
  evlog: 'evlog (events)',
  powertools: 'Powertools',
  datadog: 'Datadog',
  sentry: 'Sentry',
  flushed: 'flushed, before resp.',
  registered: 'flushed, after resp.',
}

const own = (name) => name === 'flushed' || name === 'registered'

/** The bars of the contestants that have a value. */
const bars = (valueOf, textOf, names = NAMES) =>
  Object.entries(names).flatMap(([name, label]) => {
    const value = valueOf(name)
    return value === undefined ? [] : [{ label, value, text: textOf(value, name), own: own(name) }]
  })

const short = (value) => (value < 0.995 ? value.toFixed(2) : value < 10 ? value.toFixed(1) : value.toFixed(0))

/** @param {object} report as main.mjs makes it @returns {import('./chart.mjs').Panel[]} */
export function panels({ latency, freeze, cases }) {
  const response = (behavior) => (name) => latency.find(({ contestant }) => contestant === name)?.addedMs[behavior]
  const fails = (name) => latency.find(({ contestant }) => contestant === name)?.failed.includes('hung')
  const acknowledged = (name) => {
    if (DEPLOYED[name].held) return undefined
    return freeze.rows.find(({ contestant }) => contestant === name)?.share['export in flight']
  }
  const wrap = cases.find(({ mode, children }) => mode === 'noop' && children === 5)
  const overhead = (name) => wrap.rows.find(({ contestant }) => contestant === name)?.toPattern
  const milliseconds = (ms) => `${Math.max(0, ms) < 10 ? Math.max(0, ms).toFixed(1) : ms.toFixed(0)} ms`
  return [
    {
      title: 'The caller waits: backend answers in 200 ms',
      subtitle: 'added to the response, less is better',
      bars: bars(response('slow'), milliseconds),
    },
    {
      title: 'The caller waits: backend hangs',
      subtitle: 'added to the response; † the invocation fails',
      bars: bars(response('hung'), (ms, name) => `${(Math.max(0, ms) / 1000).toFixed(1)} s${fails(name) ? ' †' : ''}`),
    },
    {
      title: 'Delivered: spans acknowledged at the freeze',
      subtitle: 'an export is already in flight, more is better',
      bars: bars(acknowledged, (share) => `${(share * 100).toFixed(share < 1 && share > 0.99 ? 1 : 0)} %`),
    },
    {
      title: 'Time of its own: root and five child spans',
      subtitle: '× forceFlush of a batch processor, no-op exporter, log',
      bars: bars(overhead, (ratio) => `${short(ratio)} ×`, { ...NAMES, flushed: 'flushed' }),
      log: true,
    },
  ]
}
