/**
 * Keeping instrumentations from tracing what sends telemetry.
 *
 * @module
 */
import { ROOT_CONTEXT, context, createContextKey } from '@opentelemetry/api'

// The key by which OpenTelemetry's own `suppressTracing` marks a context.
const suppressed = ROOT_CONTEXT.setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true)

/** Runs something that instrumentations must not trace. */
export const untraced = <T>(run: () => T): T =>
  // To enter a context is dear; a flush enters this one once.
  context.active() === suppressed ? run() : context.with(suppressed, run)
