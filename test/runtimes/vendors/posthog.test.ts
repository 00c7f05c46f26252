/** Specifies the recipe for PostHog, with the real SDK against a fake of its endpoint. */
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
