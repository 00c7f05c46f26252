/** G1 Order, with the real SDKs of other vendors: spans that an invocation has adopted end in order, before its root. */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api'
import { makeProvider } from '#sdk'
import { type Endable, type FlushReport, adopt, currentInvocation, withTelemetry } from 'flushed'
import { withTelemetry as onLambda } from 'flushed/lambda'
import { otel } from 'flushed/otel'
import { inMemoryExporter } from 'flushed/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ReadableSpan, newIsolate } from '../../support/sdk.ts'

beforeEach(newIsolate)

// Datadog's tracer writes its traces to the log.
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
afterAll(() => vi.restoreAllMocks())

const installed = (folder: string) => createRequire(new URL(`../../runtimes/${folder}/package.json`, import.meta.url))

/** The part of an SDK that these tests use. */
interface Vendor {
  readonly way: 'end' | 'finish' | 'close'
  /** Whether its spans can tell that they have ended. */
  readonly tells: boolean
  start(name: string, parent?: Endable): Endable
}

const vendors: Record<string, () => Vendor> = {
  Sentry() {
    const require = installed('vendors')
    const [Sentry, { ServerRuntimeClient }] = [require('@sentry/core'), require('@sentry/core/server')]
    const transport = (options: object) => Sentry.createTransport(options, async () => ({ statusCode: 200 }))
    const client = new ServerRuntimeClient({ dsn: 'http://key@127.0.0.1/1', tracesSampleRate: 1, integrations: [], stackParser: () => [], transport })
    Sentry.setCurrentClient(client)
    client.init()
    return {
      way: 'end',
      tells: true,
      start: (name, parent) => Sentry.withActiveSpan(parent ?? null, () => Sentry.startInactiveSpan({ name })),
    }
  },

  'Datadog’s tracer'() {
    const tracer = installed('composition')('dd-trace')
    tracer.init({ plugins: false, startupLogs: false, experimental: { exporter: 'log' } })
    return { way: 'finish', tells: false, start: (name, parent) => tracer.startSpan(name, parent && { childOf: parent }) }
  },

  'X-Ray'() {
    const { Segment } = installed('composition')('aws-xray-sdk-core')
    const segment = new Segment('orders')
    return { way: 'close', tells: true, start: (name, parent = segment) => (parent as typeof segment).addNewSubsegment(name) }
  },
}

/** The names of the spans that have ended, in order. */
const ends: string[] = []

beforeEach(() => void (ends.length = 0))

function watched(vendor: Vendor, name: string, parent?: Endable): Endable {
  const thing = vendor.start(name, parent)
  const ending = (thing as Record<Vendor['way'], () => unknown>)[vendor.way].bind(thing)
  Object.assign(thing, { [vendor.way]: () => (ends.push(name), ending()) })
  return thing
}

/** A span processor that records which spans end. */
const endsNoted = {
  onStart() {},
  onEnd: ({ name }: { name: string }) => void ends.push(name),
  forceFlush: async () => {},
  shutdown: async () => {},
}

function watchedPipeline() {
  const telemetry = otel({ exporter: inMemoryExporter() })
  trace.setGlobalTracerProvider(makeProvider({ spanProcessors: [endsNoted, telemetry.spanProcessor] }))
  return { telemetry, tracer: trace.getTracer('app') }
}

describe.each(Object.entries(vendors))('%s', (_name, makeVendor) => {
  const vendor = makeVendor()

  test('adopted spans end before their parents, in one order with OpenTelemetry’s, and before the root', async () => {
    const { telemetry, tracer } = watchedPipeline()
    const handler = withTelemetry(async () => {
      const order = adopt(watched(vendor, 'their order'))
      tracer.startActiveSpan('charge', () => {
        const charge = adopt(watched(vendor, 'their charge', order))
        tracer.startActiveSpan('bank', () => adopt(watched(vendor, 'their bank', charge)))
      })
    }, { telemetry, name: 'root' })
    await handler()
    expect(ends).toEqual(['their bank', 'bank', 'their charge', 'charge', 'their order', 'root'])
  })

  test('an adopted span that the handler has ended is not ended again, if it can tell that it has ended', async () => {
    const { telemetry } = watchedPipeline()
    let report: FlushReport | undefined
    const handler = withTelemetry(async () => {
      const order = adopt(watched(vendor, 'their order')) as Endable & Record<Vendor['way'], () => void>
      order[vendor.way]()
    }, { telemetry, name: 'root', onFlush: (told) => (report = told) })
    await handler()
    // Datadog's second `finish()` does nothing.
    expect(ends).toEqual(['their order', ...(vendor.tells ? [] : ['their order']), 'root'])
    expect(report).toMatchObject({ outcome: 'delivered', warnings: [], spans: { endedByDispose: vendor.tells ? 0 : 1 } })
  })
})

describe('adopted spans', () => {
  const others = () => makeProvider({ spanProcessors: [endsNoted] }).getTracer('theirs')

  test('of another OpenTelemetry provider end in tree order with ours, and are marked as unfinished', async () => {
    const { telemetry, tracer } = watchedPipeline()
    const below = (span: Span) => trace.setSpan(ROOT_CONTEXT, span)
    let bank: ReadableSpan | undefined
    await withTelemetry(async () => {
      const charge = tracer.startSpan('charge')
      const theirs = adopt(others().startSpan('their bank', {}, below(charge)))
      bank = theirs as unknown as ReadableSpan
      tracer.startSpan('account', {}, below(theirs))
      tracer.startSpan('label')
    }, { telemetry, name: 'root' })()
    expect(ends).toEqual(['account', 'their bank', 'label', 'charge', 'root'])
    expect(bank?.attributes).toEqual({ 'flushed.unfinished': true })
  })

  test('of another OpenTelemetry provider say so when their invocation is about to time out', async () => {
    const { telemetry } = watchedPipeline()
    let bank: ReadableSpan | undefined
    const handler = onLambda(async (_event: object, _context: object) => {
      bank = adopt(others().startSpan('their bank')) as unknown as ReadableSpan
      await once(currentInvocation()?.signal as AbortSignal, 'abort')
    }, { telemetry, earlyTimeoutMs: 990, logger: false })
    await handler({}, { awsRequestId: '1', getRemainingTimeInMillis: () => 1000 })
    expect(bank?.status.message).toContain('timeout')
  })

  test('of another OpenTelemetry provider are left alone when they have already ended', async () => {
    const { telemetry } = watchedPipeline()
    await withTelemetry(async () => adopt(others().startSpan('their bank')).end(), { telemetry, name: 'root' })()
    expect(ends).toEqual(['their bank', 'root'])
  })

  test('whose asynchronous end rejects are warnings in the report', async () => {
    const { telemetry } = watchedPipeline()
    let report: FlushReport | undefined
    const closing = async () => Promise.reject(new Error('still in use'))
    await withTelemetry(async () => {
      adopt({ close: closing })
      adopt({}, closing)
    }, { telemetry, logger: false, onFlush: (it) => (report = it) })()
    const warning = 'the end of a span failed: still in use'
    expect(report?.warnings).toEqual([warning, warning])
  })

  test('whose asynchronous end rejects after the report are logged', async () => {
    const { telemetry } = watchedPipeline()
    const warn = vi.fn<(line: string) => void>()
    const { promise: closing, reject } = Promise.withResolvers<void>()
    await withTelemetry(async () => void adopt({ close: () => closing }), { telemetry, logger: { warn } })()
    reject(new Error('still in use'))
    await new Promise(setImmediate)
    expect(warn.mock.calls).toEqual([['flushed: the end of a span failed: still in use']])
  })

  test('of our own provider end only once, even when adopted twice', async () => {
    const { telemetry, tracer } = watchedPipeline()
    await withTelemetry(async () => void adopt(adopt(tracer.startSpan('charge'))), { telemetry, name: 'root' })()
    expect(ends).toEqual(['charge', 'root'])
  })
})
