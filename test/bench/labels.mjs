/** The labels of the contestants. */
export const LABELS = {
  bare: 'bare handler',
  plain: 'try/finally forceFlush, batch, no attributes',
  pattern: 'try/finally forceFlush, batch, the same attributes',
  simple: 'try/finally forceFlush, simple, no attributes',
  instrumentation: 'instrumentation-aws-lambda',
  middy: 'middy, flush in hooks',
  flushed: 'flushed',
  vercel: '@vercel/otel, as on Vercel',
  evlog: 'evlog, an event an invocation',
  powertools: 'Powertools tracer',
  datadog: 'datadog-lambda-js, spans in the log',
  sentry: '@sentry/aws-serverless',
}
