import { withTelemetry } from 'flushed/workers'
import * as classes from './classes.mjs'
import { optionsFor } from './setup.mjs'

// The classes share `optionsFor`, so that their telemetry is made once: OpenTelemetry's provider can only be registered
// once. The Workflow is not used together with the others.
export const Orders = withTelemetry(classes.Orders, optionsFor)
export const Jobs = withTelemetry(classes.Jobs, optionsFor)
export const Silent = withTelemetry(classes.Silent, optionsFor)
export const Room = withTelemetry(classes.Room, optionsFor)
export const Legacy = withTelemetry(classes.Legacy, optionsFor)
export const Checkout = withTelemetry(classes.Checkout, (env) => ({ ...optionsFor(env), attributes: { 'app.shop': 'one' } }))
// Not wrapped: only the invocations of the classes record spans.
export default classes.caller
