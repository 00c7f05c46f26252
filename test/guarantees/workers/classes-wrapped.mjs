import { withTelemetry } from 'flushed/workers'
import * as classes from './classes.mjs'
import { optionsFor } from './setup.mjs'

// What they have in common is made once: OpenTelemetry's provider can be registered but once. The Workflow is not used
// together with the others.
export const Orders = withTelemetry(classes.Orders, optionsFor)
export const Jobs = withTelemetry(classes.Jobs, optionsFor)
export const Silent = withTelemetry(classes.Silent, optionsFor)
export const Room = withTelemetry(classes.Room, optionsFor)
export const Legacy = withTelemetry(classes.Legacy, optionsFor)
export const Checkout = withTelemetry(classes.Checkout, (env) => ({ ...optionsFor(env), attributes: { 'app.shop': 'one' } }))
// Without any: there is nothing but what the classes' invocations record.
export default classes.caller
