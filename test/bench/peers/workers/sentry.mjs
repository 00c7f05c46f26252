/** `@sentry/cloudflare` as its documentation says. Child spans are Sentry's own. */
import { startInactiveSpan, startSpan, withSentry } from '@sentry/cloudflare'

export default withSentry((env) => ({ dsn: env.SENTRY_DSN, tracesSampleRate: 1 }), {
  async fetch(request) {
    const { searchParams } = new URL(request.url)
    const attributes = { 'app.order': request.headers.get('x-order') }
    for (let child = 0; child < Number(searchParams.get('children')); child++) startSpan({ name: 'step', attributes }, () => {})
    if (searchParams.has('open')) startInactiveSpan({ name: 'left open', attributes })
    return new Response('done')
  },
})
