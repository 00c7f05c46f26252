/** `waitUntil`: background work of an invocation, also if it fails, or registers more of it. */
import { setImmediate as turn } from 'node:timers/promises'
import { waitUntil, withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { names, newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

describe('background work', () => {
  test('that fails is a warning in the report, and not an unhandled rejection', async () => {
    const { telemetry } = pipeline()
    let report: FlushReport | undefined
    const handler = withTelemetry(
      async () => {
        waitUntil(Promise.reject(new Error('audit down')))
        return 'result'
      },
      { telemetry, onFlush: (r) => (report = r) },
    )
    expect(await handler()).toBe('result')
    expect(report).toMatchObject({ outcome: 'delivered', warnings: ['background work failed: audit down'] })
  })

  test('that fails after the report was made is logged', async () => {
    const warn = vi.fn<(line: string) => void>()
    const { telemetry } = pipeline()
    const { promise: audit, reject } = Promise.withResolvers<void>()
    const { promise: gate, resolve } = Promise.withResolvers<void>()
    const handler = withTelemetry(async () => void gate.then(() => waitUntil(audit)), { telemetry, logger: { warn } })
    await handler()
    resolve()
    reject(new Error('audit down'))
    await turn()
    expect(warn.mock.calls).toEqual([['flushed: background work failed: audit down']])
  })

  test('can register more background work', async () => {
    const { exporter, telemetry, tracer } = pipeline()
    const step = (name: string) => Promise.resolve().then(() => tracer.startSpan(name).end())
    await withTelemetry(
      async () => waitUntil(step('first').then(() => waitUntil(step('second').then(() => waitUntil(step('third')))))),
      { telemetry, name: 'root' },
    )()
    expect(names(exporter.spans)).toEqual(['first', 'second', 'third', 'root'])
  })
})
