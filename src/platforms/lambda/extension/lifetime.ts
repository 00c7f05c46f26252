import type { Config } from '../../../core/options.ts'
import type { Lifetime } from '../../../core/platform.ts'
import { thawed } from '../thaw.ts'
import { heldLifetime, shared } from '../../../server/extension.ts'

/** What Lambda lets an invocation do after its response. `undefined`: nothing, and nobody asked for more. */
export function lifetime(flush: Config['flush'], requestId: string | undefined): Lifetime | undefined {
  const { extension, failure } = shared
  if (!extension && failure === undefined && flush !== 'after-response') return undefined
  if (extension && requestId !== undefined && flush !== 'before-response' && extension.holds(requestId)) {
    return heldLifetime(extension, requestId)
  }
  return {
    phase: 'before-response',
    reason: failure ?? (flush === 'after-response' ? absence(extension?.events) : undefined),
    hold: (finish, invocation) => {
      // The runtime keeps the sandbox awake until the response, so the extension need not.
      if (requestId !== undefined) extension?.done(requestId)
      return (thawed()?.hold ?? finish)(finish, invocation)
    },
  }
}

const absence = (events: 'invoke' | 'shutdown' | undefined): string => {
  if (events === 'shutdown') return 'the extension is registered for shutdown only'
  if (events === 'invoke') return 'the sandbox is not held for this invocation'
  return "no extension is registered, which `import 'flushed/lambda/register'` does"
}
