/** G4 Transparent: a handler's own result or error comes out, and nothing of ours rejects unhandled. */
import type { Settled } from '../../src/core/lifecycle.ts'
import type { Trace } from './trace.ts'
import { must } from './violation.ts'

export function transparent(trace: Trace): void {
  for (const { owner, how } of trace.of('settle')) {
    const response = trace.first('response', owner)
    must(response !== undefined, `invocation ${owner} has settled, and there is no response`)
    must(isSame(how, response.how), 'another result comes out', how, response)
  }
  for (const response of trace.of('response')) {
    must(trace.first('settle', response.owner) !== undefined, 'there is a response before the handler has settled', response)
  }
  must(trace.of('unhandled').length === 0, 'a promise rejects unhandled', ...trace.of('unhandled'))
}

function isSame(one: Settled, other: Settled): boolean {
  if ('thrown' in one) return 'thrown' in other && Object.is(one.thrown, other.thrown)
  return 'result' in other && Object.is(one.result, other.result)
}
