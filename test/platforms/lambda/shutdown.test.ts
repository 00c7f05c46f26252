/** How long the last flush may take, and what is kept for it. That it happens is shown on the runtime clients, in `guarantees`. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { withTelemetry } from 'flushed/lambda'
import { expect, test } from 'vitest'
import { shutdownBudgetMs } from '../../../src/platforms/lambda/shutdown.ts'
import { makeFolder } from '../../support/folder.ts'
import { pipeline } from '../../support/sdk.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

test('the last flush gets 450 of Lambda’s 500 ms, and 250 of 300 ms beside an external extension', async () => {
  const folder = await makeFolder()
  expect(shutdownBudgetMs(join(folder, 'none'))).toBe(450)
  expect(shutdownBudgetMs(folder)).toBe(450)
  await writeFile(join(folder, 'agent'), '')
  expect(shutdownBudgetMs(folder)).toBe(250)
})

test('no `beforeExit` listener of flushed is left when all telemetry has been shut down', async () => {
  const [none, one, other] = [process.listenerCount('beforeExit'), pipeline(), pipeline()]
  for (const { telemetry } of [one, one, other]) withTelemetry(async () => {}, { telemetry })
  expect(process.listenerCount('beforeExit')).toBe(none + 1)
  await one.provider.shutdown()
  expect(process.listenerCount('beforeExit')).toBe(none + 1)
  await other.provider.shutdown()
  expect(process.listenerCount('beforeExit')).toBe(none)
})

test('wraps that are made anew for each request can be garbage-collected', async () => {
  const { telemetry } = pipeline()
  const attributesOfOne = () => {
    const attributes = {}
    withTelemetry(async () => {}, { telemetry, attributes })
    return new WeakRef(attributes)
  }
  const kept = attributesOfOne()
  withTelemetry(async () => {}, { telemetry })
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  expect(kept.deref()).toBeUndefined()
})

test('an invocation that another copy of the package left open does not keep the process alive', async () => {
  const program = `
    import { createRequire } from 'node:module'
    import { openInvocation } from 'flushed'
    const { withTelemetry } = createRequire('${import.meta.filename}')('flushed/lambda')
    withTelemetry(async () => {})
    openInvocation({ logger: false })
    let turns = 0
    process.on('beforeExit', () => ++turns > 2 && (console.log('goes on'), process.exit()))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { cwd: import.meta.dirname })
  expect(stdout).toBe('')
})
