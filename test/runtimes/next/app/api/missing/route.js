import { notFound } from 'next/navigation'
import { withTelemetry } from 'flushed/next'
import { options } from '../../../lib/telemetry'

export const GET = withTelemetry(async () => notFound(), options)
