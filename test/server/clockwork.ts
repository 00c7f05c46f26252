/** Simulated requests to a long-running process, on a fake clock. */
import { SpanKind } from '@opentelemetry/api'
import type { FlushReport } from 'flushed'
import { fakeClock, useClock } from 'flushed/testing'
import { type Begun, begin, type Wrap } from '../../src/core/lifecycle.ts'
import { type TelemetryOptions, resolveOptions } from '../../src/core/options.ts'
import { serverLifetime } from '../../src/server/lifetime.ts'
import { shared } from '../../src/server/state.ts'
import { newIsolate, pipeline } from '../support/sdk.ts'

export const DRAIN_MS = 8000

/** Sets up telemetry with an in-memory exporter, in a new isolate. */
export function setup(options: Parameters<typeof pipeline>[0] = {}, more: TelemetryOptions = {}) {
  newIsolate()
  shared.participants.clear()
  // Keeps the tests from listening to signals of this process.
  Object.assign(shared, { draining: 0, watched: true })
  const clock = fakeClock()
  useClock(clock)
  const { exporter, telemetry, tracer, provider } = pipeline(options)
  const warnings: string[] = []
  const reports: FlushReport[] = []
  /** A wrap. There may be several, as of the routes of an application. */
  const wrapped = () => {
    const wrap: Wrap = {
      config: resolveOptions({ telemetry, logger: { warn: (line) => warnings.push(line) }, onFlush: (report) => reports.push(report), ...more }),
      platform: {
        name: 'test',
        describe: (_args, parent) => ({ name: 'request', kind: SpanKind.SERVER, attributes: {}, links: [], parent }),
        ...serverLifetime(() => wrap, DRAIN_MS),
      },
    }
    const open = (): Begun => begin(wrap, 'request', []) as Begun
    const requests = (count: number) => {
      for (let n = 0; n < count; n++) void open().settle({ result: n })
    }
    return { open, requests }
  }
  return { clock, exporter, tracer, provider, reports, warnings, wrapped, ...wrapped(), sizes: () => exporter.exports.map(({ spans }) => spans.length) }
}
