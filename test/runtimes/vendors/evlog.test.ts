/** Specifies the recipe for evlog, with the real SDK against a fake of its endpoint. */
import { type DrainContext, initLogger, log } from 'evlog'
import { createOTLPDrain } from 'evlog/otlp'
import { createDrainPipeline } from 'evlog/pipeline'
import { stages } from 'flushed'
import { expect, test } from 'vitest'
import { type Endpoint, endpoint } from '../../support/endpoint.ts'
import { invoke, recipe } from './recipe.ts'

function cook({ url }: Endpoint) {
  const drain = createDrainPipeline<DrainContext>({ onDropped: () => {} })(createOTLPDrain({ endpoint: url }))
  initLogger({ drain, silent: true })
  return { drain, telemetry: stages(drain), work: () => log.info({ action: 'order' }) }
}

recipe({ sdk: 'evlog', name: 'push', refused: 'timed_out', cook }, () => {
  test('flushes at once, while `settled()` alone waits for its timer of 5 s', async () => {
    const { drain, telemetry, work } = cook(await endpoint())
    expect((await invoke(telemetry, work)).durationMs).toBeLessThan(2500)
    expect((await invoke(() => drain.settled(), work, 1000)).outcome).toBe('timed_out')
  })
})
