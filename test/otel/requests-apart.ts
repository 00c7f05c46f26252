/** Simulated requests on a fake platform where no promise may cross from one request to another, as on Cloudflare Workers. */
import { SpanKind, context } from '@opentelemetry/api'
import type { FlushReport } from 'flushed'
import type { OtelOptions } from 'flushed/otel'
import { begin } from '../../src/core/lifecycle.ts'
import { resolveOptions } from '../../src/core/options.ts'
import type { Platform } from '../../src/core/platform.ts'
import type { Telemetry } from '../../src/core/types.ts'
import { pipeline } from '../support/sdk.ts'

const platform: Platform = {
  name: 'apart',
  timers: false,
  describe: (_args, parent) => ({ name: 'root', kind: SpanKind.SERVER, attributes: {}, links: [], parent }),
}

export function wrapped(telemetry: Telemetry) {
  const reports: FlushReport[] = []
  const config = resolveOptions({ telemetry, logger: false, onFlush: (report) => void reports.push(report) })
  /** A request that is being handled. If the test never ends it, its platform has killed it. */
  const request = () => {
    const begun = begin({ config, platform }, 'handler', [])
    if (!begun) throw new Error('nothing was opened')
    const { owner } = begun
    const run = <T>(step: () => T) => context.with(begun.context, step)
    return { owner, run, end: async () => void (await begun.settle({ result: undefined })) }
  }
  return { reports, request }
}

export function setup(options: OtelOptions = {}, mode: 'sync' | 'hold' = 'hold') {
  const made = pipeline(options, mode)
  const record = (...names: string[]) => names.forEach((name) => made.tracer.startSpan(name).end())
  const sent = () => made.exporter.exports.map(({ spans }) => spans.map(({ name }) => name))
  return { ...made, ...wrapped(made.telemetry), record, sent }
}
