import type { Config } from '../../core/options.ts'
import { untraced } from '../../core/suppress.ts'
import type { Lifetime, Platform } from '../../core/types.ts'
import { adapted } from './adapted.ts'
import { type LambdaArgs, contextOf } from './arguments.ts'
import { describe } from './describe.ts'
import type { Description } from './description.ts'
import { lifetime } from './extension/lifetime.ts'
import { shared } from './extension/state.ts'
import { goesOn, goingOn } from './managed.ts'
import { reflect } from './result.ts'
import { streamLifetime } from './streaming.ts'
import { thawed } from './thaw.ts'

/** What is peculiar to Lambda. */
export function lambda(marginMs: number, flush: Config['flush']): Platform<LambdaArgs> {
  shared.untraced ??= untraced
  const requestOf = (args: LambdaArgs) => contextOf(args)?.awsRequestId
  const remainingMs = (args: LambdaArgs) => {
    // Neither the response nor a timeout ends anything there.
    if (goesOn(flush)) return Infinity
    // Local runners and tests pass contexts that cannot tell, or that answer nonsense.
    const remainingMs = Number(contextOf(args)?.getRemainingTimeInMillis?.())
    return Number.isNaN(remainingMs) ? Infinity : remainingMs - marginMs
  }
  return {
    name: 'lambda',
    adapt: (handler) => adapted(handler, remainingMs),
    describe: (args, active) => describe(args[0], contextOf(args), { active }),
    reflect: (root, description: Description, result) => reflect(root, description, result),
    begun: (args) => {
      const requestId = requestOf(args)
      if (requestId !== undefined) shared.extension?.begun(requestId)
    },
    remainingMs,
    lifetime: (args) => {
      const stream = streamLifetime(args)
      if (stream) return releasing(stream, requestOf(args))
      return goesOn(flush) ? goingOn : (lifetime(flush, requestOf(args)) ?? thawed())
    },
  }
}

/** A lifetime that is over in place: the extension has nothing to hold the sandbox for when it is. */
const releasing = ({ phase, hold }: Lifetime, requestId: string | undefined): Lifetime => ({
  phase,
  async hold(finish, defer) {
    try {
      await hold(finish, defer)
    } finally {
      if (requestId !== undefined) shared.extension?.done(requestId)
    }
  },
})
