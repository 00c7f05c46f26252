/**
 * Keeping instrumentations from tracing what sends telemetry.
 *
 * @module
 */
import { type Context, ROOT_CONTEXT, context, createContextKey } from '@opentelemetry/api'

// The key by which OpenTelemetry's own `suppressTracing` marks a context.
const KEY = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')
const suppressed = ROOT_CONTEXT.setValue(KEY, true)

/** Whether nothing is traced in a context, by somebody's wish. */
export const isUntraced = (context: Context): boolean => context.getValue(KEY) === true

/** Runs something that instrumentations must not trace. */
export const untraced = <T>(run: () => T): T =>
  // To enter a context is dear; a flush enters this one once.
  context.active() === suppressed ? run() : context.with(suppressed, run)
