import { withTelemetry } from 'flushed/workers'
import { optionsFor } from './setup.mjs'

/** Takes all the timers that workerd has for a context. */
function takeAll() {
  try {
    for (;;) setTimeout(() => {}, 100)
  } catch {
    return new Response(null)
  }
}

export default withTelemetry({ fetch: ({ url }) => (url.endsWith('/timers') ? takeAll() : new Response('hello')) }, optionsFor)
