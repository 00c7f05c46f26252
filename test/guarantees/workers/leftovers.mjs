import { trace } from '@opentelemetry/api'
import { currentInvocation } from 'flushed'
import { withTelemetry } from 'flushed/workers'
import { optionsFor } from './setup.mjs'

export default withTelemetry(
  {
    async fetch() {
      const invocation = currentInvocation()
      const charge = invocation.span('charge')
      // By hand, for where there is no AsyncLocalStorage to carry it. In a POST, spans are in groups by tracer.
      trace.getTracer('flushed').startSpan('bank', {}, trace.setSpan(invocation.context, charge))
      invocation.span('done').end()
      await scheduler.wait(1)
      return new Response('hello')
    },
  },
  optionsFor,
)
