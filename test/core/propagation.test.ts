/** W3C trace context: what is extracted from a caller's headers, and injected into those of a call. */
import { createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { TextMapGetter } from '@opentelemetry/api'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { extractW3C, injectW3C, parseTraceparent } from '../../src/core/propagation.ts'

type Carrier = Record<string, string | string[] | undefined>

const getter: TextMapGetter<Carrier> = { get: (carrier, key) => carrier[key], keys: (carrier) => Object.keys(carrier) }
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

function extracted(carrier: Carrier) {
  return trace.getSpanContext(extractW3C(carrier, getter, ROOT_CONTEXT))
}

describe('OTEL_PROPAGATORS', () => {
  afterEach(() => vi.unstubAllEnvs())

  it.each([['none', false], ['tracecontext,baggage', true], ['', true]])('`%s`: traces continue from the caller, and in what is called: %s', (propagators, goOn) => {
    vi.stubEnv('OTEL_PROPAGATORS', propagators)
    const caller = { traceId: TRACE, spanId: SPAN, traceFlags: 1 }
    expect(extracted({ traceparent: `00-${TRACE}-${SPAN}-01` })).toEqual(goOn ? { ...caller, isRemote: true } : undefined)
    const carrier: Carrier = {}
    injectW3C(trace.setSpanContext(ROOT_CONTEXT, caller), carrier, { set: (to, key, value) => (to[key] = value) })
    expect('traceparent' in carrier).toBe(goOn)
  })
})

describe('traceparent', () => {
  it('names the remote parent', () => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true })
  })

  it.each([['00', 0], ['01', 1], ['02', 0], ['03', 1], ['ff', 1], ['fe', 0]])('with the flags %s keeps only the sampled flag', (flags, traceFlags) => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-${flags}`)?.traceFlags).toBe(traceFlags)
  })

  it.each([
    ['a later version', `cc-${TRACE}-${SPAN}-01`],
    ['a later version with more fields', `cc-${TRACE}-${SPAN}-01-what-the-future-holds`],
    ['a later version that ends in a dash', `01-${TRACE}-${SPAN}-01-`],
    ['white space around it', ` \t00-${TRACE}-${SPAN}-01 `],
  ])('is accepted with %s', (_, header) => {
    expect(parseTraceparent(header)).toMatchObject({ traceId: TRACE, spanId: SPAN })
  })

  it.each<[string, unknown]>([
    ['no value', undefined], ['an empty value', ''], ['a value of another type', 55],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case in the trace id', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['upper case in the span id', `00-${TRACE}-${SPAN.toUpperCase()}-01`],
    ['upper case in the version', `0A-${TRACE}-${SPAN}-01`],
    ['upper case in the flags', `00-${TRACE}-${SPAN}-0A`],
    ['letters beyond f', `00-${'g'.repeat(32)}-${SPAN}-01`],
    ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['a long trace id', `00-${TRACE}0-${SPAN}-01`],
    ['a short span id', `00-${TRACE}-${SPAN.slice(1)}-01`],
    ['short flags', `00-${TRACE}-${SPAN}-1`],
    ['no flags', `00-${TRACE}-${SPAN}`],
    ['other separators', `00_${TRACE}_${SPAN}_01`],
    ['version 00 with more fields', `00-${TRACE}-${SPAN}-01-more`],
    ['version 00 with more letters', `00-${TRACE}-${SPAN}-011`],
    ['a later version with more letters', `01-${TRACE}-${SPAN}-011`],
    ['white space inside', `00- ${TRACE.slice(1)}-${SPAN}-01`],
    ['two values in one', `00-${TRACE}-${SPAN}-01,00-${TRACE}-${SPAN}-01`],
  ])('is refused with %s', (_, header) => {
    expect(parseTraceparent(header)).toBeUndefined()
  })
})

describe('extractW3C', () => {
  const traceparent = `00-${TRACE}-${SPAN}-01`

  it('puts the parent into the context, and leaves the rest of the context alone', () => {
    const key = createContextKey('mine')
    const context = extractW3C({ traceparent }, getter, ROOT_CONTEXT.setValue(key, 1))
    expect(trace.getSpanContext(context)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true })
    expect(context.getValue(key)).toBe(1)
  })

  it('returns the very same context if there is no valid parent', () => {
    expect(extractW3C({}, getter, ROOT_CONTEXT)).toBe(ROOT_CONTEXT)
    expect(extractW3C({ traceparent: 'nonsense', tracestate: 'a=1' }, getter, ROOT_CONTEXT)).toBe(ROOT_CONTEXT)
  })

  it('keeps the trace state', () => {
    expect(extracted({ traceparent, tracestate: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE' })?.traceState?.get('congo')).toBe('t61rcWkgMzE')
  })

  it('joins several trace states in their order', () => {
    expect(extracted({ traceparent, tracestate: ['a=1', 'b=2'] })?.traceState?.serialize()).toBe('a=1,b=2')
  })

  it('takes the parent from a list of one, but not from a list of two', () => {
    expect(extracted({ traceparent: [traceparent] })?.traceId).toBe(TRACE)
    expect(extracted({ traceparent: [traceparent, traceparent] })).toBeUndefined()
    expect(extracted({ traceparent: [] })).toBeUndefined()
  })
})
