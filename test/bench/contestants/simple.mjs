/** The plain pattern with a simple processor: one export for each span, at the moment it ends. */
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { register, registerContextManager } from '../setup.mjs'
import { withForceFlush } from './pattern.mjs'

/** @type {import('../contestant.mjs').Create} */
export function create({ mode, exporter }) {
  registerContextManager()
  return withForceFlush(register(mode, new SimpleSpanProcessor({ exporter })), () => ({}))
}
