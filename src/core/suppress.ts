/**
 * Keeps instrumentations from tracing what sends telemetry.
 *
 * @module
 */
import { type Context, ROOT_CONTEXT, context, createContextKey } from '@opentelemetry/api'

// The key by which OpenTelemetry's own `suppressTracing` marks a context.
const KEY = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')
const suppressed = ROOT_CONTEXT.setValue(KEY, true)

/** Whether somebody has turned tracing off in a context. */
export const isUntraced = (context: Context): boolean => context.getValue(KEY) === true

/** Runs something that instrumentations must not trace. */
export const untraced = <T>(run: () => T): T =>
  // Entering a context is expensive, so a flush enters this one once.
  context.active() === suppressed ? run() : context.with(suppressed, run)
