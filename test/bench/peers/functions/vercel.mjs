/** `@vercel/otel`, for what it costs to load: a request's lifetime is Vercel's, and there is none on Lambda. */
import { registerOTel } from '@vercel/otel'

registerOTel({ serviceName: 'orders' })

export const handler = async () => ({ done: true })
