/** Support for tests on real middy, with a pipeline that ends in memory. */
import middy from '@middy/core'
import { trace } from '@opentelemetry/api'
import type { Context } from 'aws-lambda'
import { telemetry } from 'flushed/middy'
import type { FlushReport } from 'flushed'
import { pipeline } from '../../support/sdk.ts'

/** A Lambda context, of which each request gets its own. */
export const lambdaContext = (awsRequestId: string) =>
  ({ awsRequestId, functionName: 'orders', getRemainingTimeInMillis: () => 3000 }) as Context

/** The telemetry middleware on a pipeline, with the reports and warnings of its flushes. */
export function setup(mode?: Parameters<typeof pipeline>[1]) {
  const made = pipeline({}, mode)
  const reports: FlushReport[] = []
  const warnings: string[] = []
  const options = {
    telemetry: made.telemetry,
    onFlush: (report: FlushReport) => reports.push(report),
    logger: { warn: (message: string) => warnings.push(message) },
  }
  return { ...made, reports, warnings, options, middleware: telemetry(options) }
}

/** Spans as `parent > name`, in order; a root has `-` for its parent. */
export function tree(spans: readonly { name: string; spanContext(): { spanId: string }; parentSpanContext?: { spanId: string } }[]) {
  const nameOf = (id: string | undefined) => spans.find((span) => span.spanContext().spanId === id)?.name
  return spans.map((span) => `${nameOf(span.parentSpanContext?.spanId) ?? '-'} > ${span.name}`)
}

export const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A middleware that records a span of its own in each hook. */
export const tracing = (): middy.MiddlewareObj => {
  const record = (name: string) => () => trace.getTracer('app').startSpan(name).end()
  return { before: record('their before'), after: record('their after'), onError: record('their onError') }
}
