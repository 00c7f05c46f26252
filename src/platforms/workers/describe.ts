import { type Attributes, type Context, type Link, SpanKind } from '@opentelemetry/api'
import { once } from '../../core/isolate.ts'
import { parseTraceparent } from '../../core/propagation.ts'
import type { Description } from '../../core/platform.ts'
import { describeRequest } from '../../web/request.ts'
import type { MessageBatchLike, ScheduledControllerLike } from './types.ts'

/** The most links that SDKs keep on a span by default (`OTEL_SPAN_LINK_COUNT_LIMIT`). */
const MOST_LINKS = 128

/**
 * Describes the root span of an event: a request by the semantic conventions for HTTP, a batch by those for messaging, and
 * anything else by those for FaaS.
 *
 * @param event the name of the handler
 */
export function describe(event: string, [first]: readonly unknown[], active: Context): Description {
  const description = KINDS[event]?.(first as never, active) ?? plain(event, active, 'other')
  description.attributes['faas.coldstart'] = once('workers')
  return description
}

const plain = (name: string, parent: Context, trigger: string, attributes: Attributes = {}): Description => ({
  name,
  kind: SpanKind.SERVER,
  attributes: { 'faas.trigger': trigger, ...attributes },
  links: [],
  parent,
})

const KINDS: Record<string, (event: never, active: Context) => Description> = {
  fetch(request: Request & { cf?: { httpProtocol?: string } }, active) {
    const description = describeRequest(request, active)
    const { attributes } = description
    const ray = request.headers.get('cf-ray')
    if (ray) attributes['cloudflare.ray_id'] = ray
    const version = request.cf?.httpProtocol?.split('/')[1]
    if (version) attributes['network.protocol.version'] = version
    return description
  },
  scheduled: ({ cron, scheduledTime }: ScheduledControllerLike, active) =>
    plain('scheduled', active, 'timer', {
      'faas.cron': cron,
      // Events made by tests may have none.
      ...(scheduledTime && { 'faas.time': new Date(scheduledTime).toISOString() }),
    }),
  alarm: (_info, active) => plain('alarm', active, 'timer'),
  queue({ queue, messages }: MessageBatchLike, active) {
    const description = plain(`process ${queue}`, active, 'pubsub', {
      'messaging.system': 'cloudflare_queues',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': queue,
      'messaging.batch.message_count': messages.length,
    })
    return { ...description, kind: SpanKind.CONSUMER, links: linksOf(messages) }
  },
}

/** Links to the senders that put a `traceparent` into their messages: in a queue's message, only the body has a place for one. */
function linksOf(messages: MessageBatchLike['messages']): Link[] {
  const links: Link[] = []
  for (const { id, body } of messages.slice(0, MOST_LINKS)) {
    const context = parseTraceparent((body as { traceparent?: unknown } | undefined | null)?.traceparent)
    if (context) links.push({ context, attributes: { 'messaging.message.id': id } })
  }
  return links
}
