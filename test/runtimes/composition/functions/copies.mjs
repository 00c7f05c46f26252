// Sentry's own tracer provider, which it registers through another version of the API package than ours.
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import * as Sentry from '@sentry/aws-serverless'
import { withTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'
import { kit } from './cells.mjs'

const telemetry = otel({ exporter: new OTLPTraceExporter() })
Sentry.init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: 1, openTelemetrySpanProcessors: [telemetry.spanProcessor] })

const { flushed, order } = kit({ trace, withTelemetry }, telemetry)

export const handler = flushed(Sentry.wrapHandler(order()))
