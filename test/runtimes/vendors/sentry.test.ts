/**
 * Specifies the recipe for Sentry, with the real SDK against a fake of its endpoint. All of its server SDKs have this `flush`: both
 * `@sentry/node` and `@sentry/cloudflare` export the one of `@sentry/core`.
 */
import * as Sentry from '@sentry/core'
import { ServerRuntimeClient } from '@sentry/core/server'
import { type FlushContext, stages } from 'flushed'
import { expect, test } from 'vitest'
import { type Endpoint, endpoint } from '../../support/endpoint.ts'
import { invoke, recipe } from './recipe.ts'

// Does what `Sentry.init({ dsn })` of those SDKs does, and no more.
function init({ url }: Endpoint): void {
  const client = new ServerRuntimeClient({
    dsn: `${url.replace('//', '//key@')}/1`,
    integrations: [],
    stackParser: () => [],
    transport: (options) =>
      Sentry.createTransport(options, async ({ body }) => {
        const { status } = await fetch(options.url, { method: 'POST', body: body as BodyInit })
        return { statusCode: status }
      }),
  })
  Sentry.setCurrentClient(client)
  client.init()
}

const work = () => void Sentry.captureException(new Error('no such order'))

function sentry({ timeoutMs }: FlushContext) {
  return Sentry.flush(timeoutMs)
}

recipe(
  {
    sdk: '@sentry/core',
    name: 'sentry',
    refused: 'delivered',
    cook(backend) {
      init(backend)
      return { telemetry: stages(sentry), work }
    },
  },
  () => {
    test('is also flushed when the whole module is passed as a flushable', async () => {
      const backend = await endpoint()
      init(backend)
      await invoke(stages(Sentry), work)
      expect(backend.text).toContain('no such order')
    })

    test('that was not initialized returns `false` from its flush, which is reported as timed out', async () => {
      Sentry.getCurrentScope().setClient(undefined)
      const report = await invoke(stages(sentry), work)
      expect(report.outcome).toBe('timed_out')
    })
  },
)
