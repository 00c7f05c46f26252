/** How long the last flush may take. That it is made is shown on the runtime clients, with the guarantees. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { shutdownBudgetMs } from '../../../src/platforms/lambda/shutdown.ts'

test('Lambda leaves 500 ms, and 300 ms beside an external extension', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'extensions-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  expect(shutdownBudgetMs(join(folder, 'none'))).toBe(450)
  expect(shutdownBudgetMs(folder)).toBe(450)
  await writeFile(join(folder, 'agent'), '')
  expect(shutdownBudgetMs(folder)).toBe(250)
})
