// Spans of Sentry's own provider, with our processor: the API package has to be as old as the one that Sentry resolves.
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import * as Sentry from '@sentry/aws-serverless'
import { stages } from 'flushed'
import { withTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'
import { kit } from '../functions/cells.mjs'

const spans = otel({ exporter: new OTLPTraceExporter() })
Sentry.init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: 1, openTelemetrySpanProcessors: [spans.spanProcessor] })

const sentry = ({ timeoutMs }) => Sentry.flush(timeoutMs)
const telemetry = process.env.STAGED === 'no' ? spans : stages(sentry, spans)

export const { cells, flushed, order, streamed } = kit({ trace, withTelemetry }, telemetry)
