/** A handler with Sentry's own spans. */
import { startInactiveSpan, startSpan } from '@sentry/aws-serverless'

export async function orders(event) {
  const attributes = { 'app.order': event.orderId }
  for (let child = 0; child < event.children; child++) startSpan({ name: 'step', attributes }, () => {})
  for (let child = 0; child < (event.open ?? 0); child++) startInactiveSpan({ name: 'left open', attributes })
  return { done: true }
}
