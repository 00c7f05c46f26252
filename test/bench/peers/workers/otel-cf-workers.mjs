/** `@microlabs/otel-cf-workers` as its documentation says. */
import { instrument } from '@microlabs/otel-cf-workers'
import { orders } from './orders.mjs'

export default instrument({ fetch: orders }, (env) => ({
  exporter: { url: `${env.COLLECTOR}/v1/traces` },
  service: { name: 'orders' },
}))
