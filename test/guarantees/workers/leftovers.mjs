import { trace } from '@opentelemetry/api'
import { currentInvocation } from 'flushed'
import { withTelemetry } from 'flushed/workers'
import { optionsFor } from './setup.mjs'

export default withTelemetry(
  {
    async fetch() {
      const invocation = currentInvocation()
      const charge = invocation.span('charge')
      // The context is passed by hand, for runtimes without AsyncLocalStorage. In a POST, spans are grouped by tracer.
      trace.getTracer('flushed').startSpan('bank', {}, trace.setSpan(invocation.context, charge))
      invocation.span('done').end()
      await scheduler.wait(1)
      return new Response('hello')
    },
  },
  optionsFor,
)
