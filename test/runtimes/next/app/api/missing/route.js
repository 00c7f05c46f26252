import { notFound } from 'next/navigation'
import { withTelemetry } from 'flushed/next'

export const GET = withTelemetry(async () => notFound())
