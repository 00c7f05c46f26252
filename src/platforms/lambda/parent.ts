import { propagation } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'
import { extract, nearest } from '../../core/propagation.ts'
import { read } from '../../core/reading.ts'
import type { LambdaContextLike } from './description.ts'
import { bag, isBag } from './events.ts'
import { headerGetter } from './headers.ts'
import type { EventHeaders } from './headers.ts'

const NONE: EventHeaders = { single: undefined, multi: undefined }

/**
 * The parent of an invocation: the context of whoever sent these headers, or a span around the handler that has joined the
 * caller's trace. The headers are read by the propagator that the application has registered, or as W3C Trace Context if it has
 * registered none. If a propagator throws, the parent is lost, and the request goes on.
 *
 * A registered propagator is asked even without headers: it may look elsewhere, as `xray-lambda` looks into the environment.
 *
 * Source: AWS Lambda spans, "Determining the remote parent span context" and "`xray-lambda` Propagator Functionality".
 */
export function parentOf(headers: EventHeaders | undefined, active: Context): Context {
  try {
    if (headers === undefined && propagation.fields().length === 0) return active
    return nearest(active, extract(headers ?? NONE, headerGetter, active))
  } catch {
    return active
  }
}

/**
 * What the caller of a direct invocation has put into its client context. Instrumentations of the AWS SDK put their headers
 * there: into `custom`, and earlier ones into `Custom`.
 *
 * Sources: AWS Lambda API, `Invoke` (`X-Amz-Client-Context`); OpenTelemetry's instrumentation of the AWS SDK, "Lambda".
 */
export function carriedBy(context: LambdaContextLike | null | undefined): EventHeaders | undefined {
  const client = read(context, 'clientContext')
  const [early, late] = [read(client, 'Custom'), read(client, 'custom')]
  if (!isBag(early) && !isBag(late)) return undefined
  try {
    return { single: { ...bag(early), ...bag(late) }, multi: undefined }
  } catch {
    return undefined
  }
}
