import { notFound } from 'next/navigation'
import { withTelemetry } from 'flushed/next'
import { options } from '../../../lib/options'

export const GET = withTelemetry(async () => notFound(), options)
export const POST = GET
