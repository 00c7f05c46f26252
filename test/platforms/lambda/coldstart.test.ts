import { afterEach, describe, expect, it, vi } from 'vitest'
import { coldStart, resetColdStart } from '../../../src/platforms/lambda/coldstart.ts'

afterEach(() => vi.unstubAllEnvs())

/** Whether the first two invocations are cold, in an isolate whose init was over `age` milliseconds before. */
function firstTwo(age: number, initialization?: string): boolean[] {
  vi.stubEnv('AWS_LAMBDA_INITIALIZATION_TYPE', initialization)
  resetColdStart(1_000_000)
  return [coldStart(() => 1_000_000 + age), coldStart(() => 1_000_001 + age)]
}

describe('a cold start', () => {
  it('is the first invocation only', () => {
    expect(firstTwo(20)).toEqual([true, false])
    expect(firstTwo(20, 'on-demand')).toEqual([true, false])
  })

  it('is not reported if the environment was initialised more than ten seconds before', () => {
    expect(firstTwo(10_000)).toEqual([true, false])
    expect(firstTwo(10_001)).toEqual([false, false])
  })

  it.each(['provisioned-concurrency', 'lambda-managed-instances'])('is not reported under %s', (initialization) => {
    expect(firstTwo(20, initialization)).toEqual([false, false])
  })

  it('is not reported if the runtime takes several invocations at once', () => {
    vi.stubEnv('AWS_LAMBDA_MAX_CONCURRENCY', '10')
    expect(firstTwo(20)).toEqual([false, false])
  })

  it('is the first invocation after a snapshot, however old the snapshot is', () => {
    expect(firstTwo(86_400_000, 'snap-start')).toEqual([true, false])
  })

  it('is told by the real clock if no other is given', () => {
    resetColdStart()
    expect(coldStart()).toBe(true)
  })
})
