/** The pattern without attributes: the smallest possible root span. */
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { register, registerContextManager } from '../setup.mjs'
import { withForceFlush } from './pattern.mjs'

/** @type {import('../contestant.mjs').Create} */
export function create({ mode, exporter }) {
  registerContextManager()
  return withForceFlush(register(mode, new BatchSpanProcessor({ exporter })), () => ({}))
}
