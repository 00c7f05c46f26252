/**
 * Specifies every recipe in docs/recipes.md, each with the real SDK, in the version that the title names, against a fake of the
 * vendor's HTTP endpoint.
 */
import { readFileSync } from 'node:fs'
import { withTelemetry } from 'flushed'
import type { FlushReport, Outcome, TelemetryInput } from 'flushed'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Endpoint, endpoint } from '../../support/endpoint.ts'
import { newIsolate } from '../../support/sdk.ts'

/** An SDK, set up as the recipe says. */
export interface Cooked {
  readonly telemetry: TelemetryInput
  /** The work of the handler: records one event that contains the word "order". */
  readonly work: () => unknown
}

export interface Recipe {
  /** The name of the package. */
  readonly sdk: string
  /** The name of the flushable in reports. */
  readonly name: string
  readonly cook: (backend: Endpoint) => Cooked | Promise<Cooked>
  /** The outcome that the report has when the backend answers 400. */
  readonly refused: Outcome
  /** The endpoint's answers by path, for an SDK that reads them. */
  readonly answers?: Readonly<Record<string, unknown>>
}

/** The name of a package, with its version. */
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

    test('has delivered its event to the backend when the invocation is over', async () => {
      const backend = await endpoint(answers)
      const { telemetry, work } = await cook(backend)
      const report = await invoke(telemetry, work)
      expect(backend.text).toContain('order')
      expect(report.warnings).toEqual([])
      expect(report.outcome).toBe('delivered')
    })

    test('has delivered the event of a second invocation, too', async () => {
      const backend = await endpoint(answers)
      const { telemetry, work } = await cook(backend)
      await invoke(telemetry, work)
      const before = backend.received.length
      await invoke(telemetry, work)
      expect(backend.received.slice(before).map(({ text }) => text).join()).toContain('order')
    })

    test('has not delivered its event without the flush', async () => {
      const backend = await endpoint(answers)
      const { work } = await cook(backend)
      await invoke(() => {}, work)
      expect(backend.received).toEqual([])
    })

    test('whose backend hangs is reported as timed out, by stage, within `timeoutMs`', async () => {
      const backend = await endpoint(answers)
      const { telemetry, work } = await cook(backend)
      backend.hang()
      const report = await invoke(telemetry, work, 800)
      expect(report.stages).toEqual([expect.objectContaining({ name: 'stage 1', outcome: 'timed_out' })])
      expect(report.warnings).toEqual([expect.stringMatching(`^stage "stage 1": ${name} timed out after \\d+ ms$`)])
      expect(report.durationMs).toBeGreaterThan(750)
      expect(report.durationMs).toBeLessThan(1500)
      // The event was in flight, and may well arrive.
      await vi.waitFor(() => expect(backend.text).toContain('order'), 10_000)
    })

    test(`whose backend refuses the event is reported as ${refused}`, async () => {
      const backend = await endpoint(answers)
      const { telemetry, work } = await cook(backend)
      backend.refuse(400)
      // Some SDKs report the refusal in the log only.
      const log = vi.spyOn(console, 'error').mockImplementation(() => {})
      onTestFinished(() => log.mockRestore())
      expect((await invoke(telemetry, work, refused === 'timed_out' ? 2000 : 10_000)).outcome).toBe(refused)
      expect(backend.text).toContain('order')
    })

    more()
  })
}
