/** A Worker that is flushed as docs/recipes.md says, with the vendor's SDK that `env.VENDOR` names. */
import * as Sentry from '@sentry/core'
import { ServerRuntimeClient } from '@sentry/core/server'
import { initLogger, log } from 'evlog'
import { createOTLPDrain } from 'evlog/otlp'
import { createDrainPipeline } from 'evlog/pipeline'
import { stages } from 'flushed'
import { withTelemetry } from 'flushed/workers'
import { Langfuse } from 'langfuse'
import { Client } from 'langsmith'
import { traceable } from 'langsmith/traceable'
import { PostHog } from 'posthog-node'
import { onFlush } from './setup.mjs'

/** By vendor: what is flushed, and what records one event. */
const vendors = {
  evlog(endpoint) {
    const drain = createDrainPipeline()(createOTLPDrain({ endpoint }))
    initLogger({ drain, silent: true })
    return [drain, (event) => log.info({ event })]
  },
  langfuse(baseUrl) {
    const langfuse = new Langfuse({ publicKey: 'pk', secretKey: 'sk', baseUrl, flushAt: 10_000 })
    return [langfuse, (event) => langfuse.trace({ name: event })]
  },
  langsmith(apiUrl) {
    // In its other mode, one request would wait for another one's timer.
    const client = new Client({ apiUrl, apiKey: 'key', manualFlushMode: true })
    return [() => client.flush(), traceable(async (event) => event, { name: 'order', client, tracingEnabled: true })]
  },
  'posthog-node'(host) {
    const posthog = new PostHog('key', { host })
    return [posthog, (event) => posthog.capture({ distinctId: 'user', event })]
  },
  '@sentry/core'(url) {
    const transport = (options) =>
      Sentry.createTransport(options, async ({ body }) => {
        const { status } = await fetch(options.url, { method: 'POST', body })
        return { statusCode: status }
      })
    const dsn = `${url.replace('//', '//key@')}/1`
    const client = new ServerRuntimeClient({ dsn, integrations: [], stackParser: () => [], transport })
    Sentry.setCurrentClient(client)
    client.init()
    return [({ timeoutMs }) => Sentry.flush(timeoutMs), (event) => Sentry.captureMessage(event)]
  },
}

let made
const vendor = (env) => (made ??= vendors[env.VENDOR](env.ENDPOINT))

export default withTelemetry(
  {
    async fetch(request, env) {
      await vendor(env)[1](`<order ${new URL(request.url).searchParams.get('id')}>`)
      await scheduler.wait(1)
      return new Response('ordered')
    },
  },
  (env) => ({ telemetry: stages(vendor(env)[0]), onFlush }),
)
