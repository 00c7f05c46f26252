/** Specifies the recipe for LangSmith, with the real SDK against a fake of its endpoint. */
import { stages } from 'flushed'
import { Client } from 'langsmith'
import { traceable } from 'langsmith/traceable'
import { expect, test } from 'vitest'
import { type Endpoint, endpoint } from '../../support/endpoint.ts'
import { invoke, recipe } from './recipe.ts'

function traced({ url }: Endpoint, options: { manualFlushMode?: boolean } = {}) {
  const client = new Client({ apiUrl: url, apiKey: 'key', ...options })
  const work = traceable(async () => 'done', { name: 'order', client, tracingEnabled: true })
  return { client, work }
}

recipe(
  {
    sdk: 'langsmith',
    name: 'Client',
    refused: 'delivered',
    cook(backend) {
      const { client, work } = traced(backend)
      return { telemetry: stages(client), work }
    },
  },
  () => {
    test('in manual flush mode, is flushed by a function that calls `client.flush()`', async () => {
      const backend = await endpoint()
      const { client, work } = traced(backend, { manualFlushMode: true })
      await invoke(stages(() => client.flush()), work)
      expect(backend.text).toContain('order')
    })
  },
)
