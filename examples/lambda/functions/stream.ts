/**
 * Streams a report as it is made, behind a function URL with `InvokeMode: RESPONSE_STREAM`. It needs no registration: when
 * its stream has ended, the caller has all of it, and the flush runs before the sandbox freezes.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { currentInvocation, span, withTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'

const telemetry = otel({ exporter: new OTLPTraceExporter() })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [telemetry.spanProcessor] }))

const months = ['January', 'February', 'March']

// `awslambda.streamifyResponse` may be inside as well: `withTelemetry(awslambda.streamifyResponse(…))`.
export const handler = awslambda.streamifyResponse(
  withTelemetry(
    async (_event: APIGatewayProxyEventV2, responseStream: awslambda.HttpResponseStream) => {
      const body = awslambda.HttpResponseStream.from(responseStream, { statusCode: 200, headers: { 'content-type': 'text/csv' } })
      body.write('month,orders\n')
      for (const [index, month] of months.entries()) {
        // If the invocation is ended early, shortly before the function's timeout, the report may be short.
        if (currentInvocation()?.signal.aborted) break
        body.write(await summed(month, index))
      }
      body.end()
    },
    { telemetry },
  ),
)

async function summed(month: string, index: number): Promise<string> {
  using _query = span('SELECT orders', { attributes: { 'report.month': month } })
  await wait(20)
  return `${month},${1200 + 37 * index}\n`
}
