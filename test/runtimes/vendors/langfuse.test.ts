/** Specifies the recipe for Langfuse's SDK 3, with the real SDK against a fake of its endpoint. */
import { stages } from 'flushed'
import { Langfuse } from 'langfuse'
import { expect, test } from 'vitest'
import { type Endpoint, endpoint } from '../../support/endpoint.ts'
import { invoke, recipe } from './recipe.ts'

const KEYS = { publicKey: 'pk', secretKey: 'sk' }

function cook({ url }: Endpoint, flushAt = 10_000) {
  const langfuse = new Langfuse({ ...KEYS, baseUrl: url, flushAt })
  return { telemetry: stages(langfuse), work: () => void langfuse.trace({ name: 'order' }) }
}

recipe({ sdk: 'langfuse', name: 'Langfuse', refused: 'timed_out', cook }, () => {
  test('without the recipe’s `flushAt`, does not wait for a full batch that is already in flight', async () => {
    const backend = await endpoint()
    backend.hang()
    const { telemetry, work } = cook(backend, 15)
    const report = await invoke(telemetry, () => {
      for (let n = 0; n < 15; n++) work()
    })
    expect(report.outcome).toBe('delivered')
    expect(report.durationMs).toBeLessThan(2500)
  })
})
