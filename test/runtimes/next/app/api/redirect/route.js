import { redirect } from 'next/navigation'
import { withTelemetry } from 'flushed/next'
import { options } from '../../../lib/options'

export const GET = withTelemetry(async () => redirect('/form'), options)
export const POST = GET
