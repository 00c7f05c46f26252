/**
 * What reports have to say about invocations that are over, and that leave it to a later flush to say it.
 *
 * @module
 */
import type { InvocationState } from './invocation.ts'
import type { SpanOwner, Telemetry } from './types.ts'

/** The most different warnings of invocations that one report repeats: an operator has to read each of them. */
const MOST_WARNINGS = 10

/** What is known of invocations that are over, apart from their spans, and of their process. */
export class Account implements Pick<InvocationState, 'endedByDispose' | 'warnings' | 'patient'> {
  endedByDispose = 0
  readonly warnings: string[] = []

  constructor(readonly patient = false) {}
}

type Known = Pick<SpanOwner, 'endedByDispose' | 'warnings'>

/** Lets `heir` report what another would have: that one may go on, but has nothing left to tell of what it has done so far. */
export function inherit(heir: Known, from: Known): void {
  heir.endedByDispose += from.endedByDispose
  from.endedByDispose = 0
  for (const warning of from.warnings.splice(0)) {
    if (heir.warnings.length < MOST_WARNINGS && !heir.warnings.includes(warning)) heir.warnings.push(warning)
  }
}

/** What the next flush of a telemetry has to report of invocations that have left their telemetry to it. */
const accounts = new WeakMap<Telemetry, Account>()

/** Leaves what is known of an invocation that is over to the next flush of its telemetry. */
export function leaveAccount(invocation: InvocationState): void {
  const { telemetry } = invocation
  const account = accounts.get(telemetry) ?? new Account()
  accounts.set(telemetry, account)
  inherit(account, invocation)
}

/** Takes what has been left, if anything, for a report. */
export function takeAccount(telemetry: Telemetry): Account | undefined {
  const account = accounts.get(telemetry)
  accounts.delete(telemetry)
  return account
}

/** Lets an invocation report what has been left as well. */
export function inheritAccount(invocation: InvocationState): void {
  const account = takeAccount(invocation.telemetry)
  if (account) inherit(invocation, account)
}
