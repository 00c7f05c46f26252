/** Every contestant's function as it is deployed: its file, its environment variables, and what can be measured of it. */
import { fileURLToPath } from 'node:url'

const path = (file) => fileURLToPath(new URL(file, import.meta.url))
const functions = path('functions')
const peers = path('peers/functions')
const inPeers = (file) => path(`peers/node_modules/${file}`)

/**
 * @typedef {object} Deployed
 * @property {string} label
 * @property {string} entry the module that is bundled, and that is loaded where there is no runtime
 * @property {string | { taskRoot: string, name: string }} handler
 * @property {(backend: import('./backend.mjs').Backend) => Record<string, string>} [env]
 * @property {boolean} [local] it sends to an agent on the same machine, which no outage of the backend reaches
 * @property {boolean} [held] its extension, which is not a package and is absent here, keeps the sandbox from freezing too early
 * @property {boolean} [flushesAfter] its response does not wait for the backend
 * @property {boolean} [events] it sends one event an invocation, and no spans
 * @property {boolean} [elsewhere] it is not for Lambda: only its loading is measured
 * @property {string | false} [bundle] the module that is bundled in place of `entry`; `false`: it cannot be bundled
 */

const collector = ({ url }) => ({ COLLECTOR: url })
const dsn = ({ port }) => ({
  SENTRY_DSN: `http://public@127.0.0.1:${port}/1`,
  SENTRY_TRACES_SAMPLE_RATE: '1.0',
})

const own = (name, label, more = {}) => ({
  label,
  entry: `${functions}/${name}.mjs`,
  handler: `${functions}/${name}.handler`,
  env: collector,
  ...more,
})
const theirs = (name, label, more = {}) => ({
  label,
  entry: `${peers}/${name}.mjs`,
  handler: `${peers}/${name}.handler`,
  env: collector,
  ...more,
})

/** @type {Record<string, Deployed>} */
export const DEPLOYED = {
  bare: own('bare', 'bare handler'),
  pattern: own('pattern', 'try/finally forceFlush, batch'),
  simple: own('simple', 'try/finally forceFlush, simple'),
  instrumentation: own('instrumented', 'instrumentation-aws-lambda', {
    env: (backend) => ({ ...collector(backend), NODE_OPTIONS: `--import ${functions}/instrumentation.mjs` }),
    bundle: `${functions}/instrumentation.mjs`,
  }),
  middy: own('middy', 'middy, flush in hooks'),
  powertools: theirs('powertools', 'Powertools tracer', {
    local: true,
    env: ({ daemonPort }) => ({ AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemonPort}` }),
  }),
  sentry: theirs('sentry', '@sentry/aws-serverless', {
    env: (backend) => ({ ...dsn(backend), NODE_OPTIONS: `--import ${inPeers('@sentry/aws-serverless/build/npm/esm/awslambda-auto.js')}` }),
    bundle: `${peers}/sentry-manual.mjs`,
  }),
  datadog: theirs('datadog', 'datadog-lambda-js', {
    local: true,
    held: true,
    entry: inPeers('datadog-lambda-js/dist/handler.mjs'),
    handler: { taskRoot: peers, name: `${inPeers('datadog-lambda-js/dist/handler')}.handler` },
    env: ({ url }) => ({
      DD_LAMBDA_HANDLER: 'datadog.handler',
      DD_TRACE_AGENT_URL: url,
      DD_SERVICE: 'orders',
      DD_API_KEY: 'none',
      NODE_OPTIONS: `--require ${peers}/datadog-extension.cjs`,
    }),
    bundle: false,
  }),
  vercel: theirs('vercel', '@vercel/otel', { elsewhere: true }),
  evlog: theirs('evlog', 'evlog', { events: true }),
  flushed: own('flushed', 'flushed, before the response'),
  registered: own('registered', 'flushed, after the response', { flushesAfter: true }),
}

/** The contestants that run on Lambda. */
export const ON_LAMBDA = Object.keys(DEPLOYED).filter((name) => !DEPLOYED[name].elsewhere)
