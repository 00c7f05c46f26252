/**
 * What is asked of every recipe in docs/recipes.md, each with the SDK itself, of the version in the test's name, against
 * a fake of its vendor's HTTP endpoint.
 */
import { readFileSync } from 'node:fs'
import { withTelemetry } from 'flushed'
import type { FlushReport, Outcome, TelemetryInput } from 'flushed'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Endpoint, endpoint } from '../../support/endpoint.ts'
import { newIsolate } from '../../support/sdk.ts'

/** An SDK set up as the recipe says. */
export interface Cooked {
  readonly telemetry: TelemetryInput
  /** What the handler does: records one event with the word "order" in it. */
  readonly work: () => unknown
}

export interface Recipe {
  /** The package. */
  readonly sdk: string
  /** What reports call it. */
  readonly name: string
  readonly cook: (backend: Endpoint) => Cooked | Promise<Cooked>
  /** What the report says of a backend that answers 400. */
  readonly refused: Outcome
  /** What the endpoint answers by path, where the SDK wants to know. */
  readonly answers?: Readonly<Record<string, unknown>>
}

/** A package and its version. */
export function versioned(sdk: string): string {
  const { version } = JSON.parse(readFileSync(new URL(`node_modules/${sdk}/package.json`, import.meta.url), 'utf8'))
  return `${sdk} ${version}`
}

/** Runs an invocation. */
export async function invoke(telemetry: TelemetryInput, work: () => unknown, timeoutMs = 5000): Promise<FlushReport> {
  let report: FlushReport | undefined
  const onFlush = (told: FlushReport) => void (report = told)
  const handler = withTelemetry(async () => (await work(), 'result'), { telemetry, timeoutMs, onFlush, logger: false })
  expect(await handler()).toBe('result')
  return report as FlushReport
}

export function recipe({ sdk, name, cook, refused, answers }: Recipe, more: () => void = () => {}): void {
  describe(versioned(sdk), () => {
    beforeEach(newIsolate)

    test('has the event at the backend when the invocation is over', async () => {
      const backend = await endpoint(answers)
      const { telemetry, work } = await cook(backend)
      const report = await invoke(telemetry, work)
      expect(backend.text).toContain('order')
      expect(report.warnings).toEqual([])
      expect(report.outcome).toBe('delivered')
    })

    test('has it there in the second invocation too', async () => {
      const backend = await endpoint(answers)
      const { telemetry, work } = await cook(backend)
      await invoke(telemetry, work)
      const before = backend.received.length
      await invoke(telemetry, work)
      expect(backend.received.slice(before).map(({ text }) => text).join()).toContain('order')
    })

    test('does not have it there without the flush', async () => {
      const backend = await endpoint(answers)
      const { work } = await cook(backend)
      await invoke(() => {}, work)
      expect(backend.received).toEqual([])
    })

    test('whose backend hangs is told by stage, within `timeoutMs`', async () => {
      const backend = await endpoint(answers)
      const { telemetry, work } = await cook(backend)
      backend.hang()
      const report = await invoke(telemetry, work, 800)
      expect(report.stages).toEqual([expect.objectContaining({ name: 'stage 1', outcome: 'timed_out' })])
      expect(report.warnings).toEqual([expect.stringMatching(`^stage "stage 1": ${name} timed out after \\d+ ms$`)])
      expect(report.durationMs).toBeGreaterThan(750)
      expect(report.durationMs).toBeLessThan(1500)
      // It was on its way, and nobody knows whether it has arrived.
      await vi.waitFor(() => expect(backend.text).toContain('order'), 10_000)
    })

    test(`whose backend refuses the event is ${refused}`, async () => {
      const backend = await endpoint(answers)
      const { telemetry, work } = await cook(backend)
      backend.refuse(400)
      // Some say so in the log, and nowhere else.
      const log = vi.spyOn(console, 'error').mockImplementation(() => {})
      onTestFinished(() => log.mockRestore())
      expect((await invoke(telemetry, work, refused === 'timed_out' ? 2000 : 10_000)).outcome).toBe(refused)
      expect(backend.text).toContain('order')
    })

    more()
  })
}
