/** A reporter that names the tests that passed when they were tried again: what is forgiven is not forgotten. */
import type { Reporter } from 'vitest/node'

export const retried: Reporter = {
  onTestCaseResult(test) {
    if (test.diagnostic()?.flaky) console.warn(`Tried again: ${test.project.name}, ${test.module.relativeModuleId} > ${test.fullName}`)
  },
}
