/** The application of worker.mjs, which is wrapped as a whole as well. */
import { withTelemetry } from 'flushed/workers'
import { optionsFor } from '../../../guarantees/workers/setup.mjs'
import { appOf } from './worker.mjs'

const app = appOf()
app.get('/asks-itself', (c) => app.request('/v1/orders/7', {}, c.env, c.executionCtx))

export default withTelemetry(app, optionsFor)
