/** The versions of everything that was measured. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const OWN = [
  '@opentelemetry/api',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/instrumentation-aws-lambda',
  '@middy/core',
]
const PEERS = [
  '@aws-lambda-powertools/tracer',
  '@sentry/aws-serverless',
  'datadog-lambda-js',
  'dd-trace',
  '@vercel/otel',
  '@microlabs/otel-cf-workers',
  '@sentry/cloudflare',
  'evlog',
]

/**
 * @param {string} node its version
 * @param {string} [workerd] its version, if it was measured
 */
export const versions = (node, workerd) => ({
  node,
  ...(workerd && { workerd }),
  ...Object.fromEntries(OWN.map((name) => [name, versionOf(name, import.meta.url)])),
  ...Object.fromEntries(PEERS.map((name) => [name, versionOf(name, new URL('peers/', import.meta.url))])),
})

// Reads the manifest from disk, because most packages do not export it.
function versionOf(name, from) {
  const folders = createRequire(from).resolve.paths(name) ?? []
  for (const folder of folders) {
    try {
      return JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')).version
    } catch {
      // The package is not in this folder.
    }
  }
  return 'unknown'
}
