import { withTelemetry } from 'flushed/next'

export const dynamic = 'force-static'

export const GET = withTelemetry(async () => Response.json({ built: true }))
