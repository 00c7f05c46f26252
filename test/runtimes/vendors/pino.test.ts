/** Specifies the recipes for pino, with the real SDK: a transport to a fake endpoint, and a destination that writes in blocks. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stages } from 'flushed'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeFolder } from '../../support/folder.ts'
import { invoke, recipe, versioned } from './recipe.ts'

recipe({
  sdk: 'pino',
  name: 'Pino',
  refused: 'delivered',
  async cook({ url }) {
    const transport = pino.transport({ target: new URL('pino-target.mjs', import.meta.url).href, options: { url } })
    onTestFinished(() => transport.end())
    // The transport's thread may take a while to start on a busy machine.
    await once(transport, 'ready')
    const logger = pino(transport)
    return { telemetry: stages(logger), work: () => logger.info('order') }
  },
})

describe(`${versioned('pino')}, with a destination that writes in blocks`, () => {
  async function file() {
    const dest = join(await makeFolder(), 'log')
    const destination = pino.destination({ dest, sync: false, minLength: 4096 })
    return { logger: pino(destination), destination, written: () => readFile(dest, 'utf8').catch(() => '') }
  }

  test('has written its line when the invocation is over', async () => {
    const { logger, written } = await file()
    await invoke(stages(logger), () => logger.info('order'))
    expect(await written()).toContain('order')
  })

  test('is also flushed through a child logger, or as the destination itself', async () => {
    const { logger, destination, written } = await file()
    const child = logger.child({ request: 1 })
    await invoke(stages(child), () => child.info('first'))
    expect(await written()).toContain('first')
    await invoke(stages(destination), () => child.info('second'))
    expect(await written()).toContain('second')
  })

  test('has not written its line without the flush', async () => {
    const { logger, written } = await file()
    await invoke(() => {}, () => logger.info('order'))
    expect(await written()).toBe('')
  })
})
