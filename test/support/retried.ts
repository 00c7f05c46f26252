/** A reporter that names the tests that passed only when tried again, and why they had failed before. */
import type { Reporter } from 'vitest/node'

export const retried: Reporter = {
  onTestCaseResult(test) {
    if (!test.diagnostic()?.flaky) return
    const why = test.result().errors?.map(({ message }) => message.split('\n', 1)[0])
    console.warn(`Tried again: ${test.project.name}, ${test.module.relativeModuleId} > ${test.fullName}: ${why?.join('; ')}`)
  },
}
