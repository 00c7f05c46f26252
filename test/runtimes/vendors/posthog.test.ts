/** The recipe for PostHog. */
import { stages } from 'flushed'
import { PostHog } from 'posthog-node'
import { recipe } from './recipe.ts'

recipe({
  sdk: 'posthog-node',
  name: 'PostHog',
  refused: 'failed',
  cook({ url }) {
    const posthog = new PostHog('key', { host: url })
    return { telemetry: stages(posthog), work: () => posthog.capture({ distinctId: 'user', event: 'order' }) }
  },
})
