/** `@vercel/otel`, only to measure its loading: it needs the request lifetime of Vercel, which Lambda does not have. */
import { registerOTel } from '@vercel/otel'

registerOTel({ serviceName: 'orders' })

export const handler = async () => ({ done: true })
