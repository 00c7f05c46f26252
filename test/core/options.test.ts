/** A bad option is a `TypeError` when wrapping, which names the option and quotes the value. */
import type { Attributes } from '@opentelemetry/api'
import { telemetry, withTelemetry } from 'flushed'
import { withTelemetry as withEdgeTelemetry } from 'flushed/edge'
import { withTelemetry as withLambdaTelemetry } from 'flushed/lambda'
import { otel } from 'flushed/otel'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { resolveOptions } from '../../src/core/options.ts'
import { newIsolate, pipeline } from '../support/sdk.ts'

const handler = async () => {}

/** What a caller without types might pass. */
const passed = (options: unknown) => options as object

describe('the options of a wrap', () => {
  test.each([
    [{ timeoutMs: 0 }, '`timeoutMs` must be a positive number of milliseconds, got 0'],
    [{ timeoutMs: '2000' }, '`timeoutMs` must be a positive number of milliseconds, got "2000"'],
    [{ timeoutMs: Infinity }, '`timeoutMs` must be a positive number of milliseconds, got Infinity'],
    [{ timeoutMs: Number.NaN }, 'got NaN'],
    [{ flush: 'later' }, "`flush` must be 'auto' or 'before-response' or 'after-response', got \"later\""],
    [{ onFlush: 'log' }, '`onFlush` must be a function, got "log"'],
    [{ name: '' }, '`name` must be a non-empty string, got ""'],
    [{ attributes: 3 }, '`attributes` must be an object or a function, got 3'],
    [{ logger: true }, '`logger` must be `false` or an object with `warn`, got true'],
    [{ telemetry: {} }, '`telemetry` must be a flush function, or an object with `forceFlush`'],
    [{ telemetry: [] }, '`telemetry` must be at least one flushable, got []'],
    [{ telemetry: [[() => {}], null] }, '`telemetry` must be a flush function'],
    [{ telemetry: [[]] }, '`telemetry` must be at least one flushable, got [[]]'],
    [{ telemetry: null }, '`telemetry` must be'],
    [{ telemetry: [otel(), otel()] }, '`telemetry` has more than one `otel()`, which takes several `exporters`'],
    [{ timoutMs: 100 }, 'unknown option `timoutMs`; the options are `telemetry`, `timeoutMs`'],
    ['fast', '`options` must be an object, got "fast"'],
    [null, '`options` must be an object, got null'],
    [Promise.resolve({}), '`options` must be an object, got a promise'],
  ])('%j is refused', (options, message) => {
    const wraps = [() => withTelemetry(handler, passed(options)), () => telemetry(passed(options))]
    for (const wrapping of wraps) {
      expect(wrapping).toThrow(TypeError)
      expect(wrapping).toThrow(message)
    }
  })

  test('that are big integers are quoted as written', () => {
    expect(() => withTelemetry(handler, passed({ timeoutMs: 2000n }))).toThrow('`timeoutMs` must be a positive number of milliseconds, got 2000n')
  })

  test('include `marginMs` on Lambda only', () => {
    expect(() => withLambdaTelemetry(handler, { marginMs: -1 })).toThrow('`marginMs` must be a number of milliseconds')
    expect(() => withTelemetry(handler, passed({ marginMs: 100 }))).toThrow('unknown option `marginMs`')
    expect(() => withLambdaTelemetry(handler, { marginMs: 0 })).not.toThrow()
  })

  test.each([
    ['earlyTimeoutMs', -1, '-1'],
    ['earlyTimeoutMs', true, 'true'],
    ['circuitBreaker', 'no', '"no"'],
    ['policy', 'seldom', '"seldom"'],
    ['policy', {}, '{}'],
    ['policy', { everyMs: 0 }, '{"everyMs":0}'],
    ['policy', { everyInvocations: 1.5 }, '{"everyInvocations":1.5}'],
    ['policy', { everyMs: 1000, everyInvocations: 3 }, '{"everyMs":1000,"everyInvocations":3}'],
  ])('on Lambda, `%s` refuses %j', (option, value, quoted) => {
    const wrap = () => withLambdaTelemetry(handler, passed({ [option]: value }))
    expect(wrap).toThrow(TypeError)
    expect(wrap).toThrow(`option \`${option}\` must be`)
    expect(wrap).toThrow(`got ${quoted}`)
  })

  test.each([
    { earlyTimeoutMs: false },
    { earlyTimeoutMs: 0 },
    { circuitBreaker: false },
    { policy: 'adaptive' },
    { policy: { everyMs: 1000 } },
    { policy: { everyInvocations: 10 } },
  ] as const)('on Lambda, %j is accepted', (options) => {
    expect(() => withLambdaTelemetry(handler, options)).not.toThrow()
  })

  test.each([undefined, null, {}, 'handler'])('%s is refused as a handler', (value) => {
    expect(() => withTelemetry(value as unknown as () => void)).toThrow('`handler` must be a function')
  })

  test.each([
    ['a generator', function* () {}],
    ['an asynchronous generator', async function* () {}],
  ])('%s is refused as a handler: its call returns before any of it has run', (_what, generator) => {
    for (const wrapping of [withTelemetry, withEdgeTelemetry, withLambdaTelemetry]) {
      expect(() => wrapping(generator)).toThrow('flushed: option `handler` must be a function, and no generator, got ')
    }
  })
})

describe('the options of `otel()`', () => {
  const exporter = { export: () => {}, shutdown: async () => {} }

  test.each([
    [{ exporter: {} }, '`exporter` must be an exporter, with an `export` method, got {}'],
    [{ exporters: exporter }, '`exporters` must be an array'],
    [{ exporters: [exporter, {}] }, '`exporters` must be an array of exporters, got [{},{}]'],
    [{ exporter, maxBufferSize: 0 }, '`maxBufferSize` must be a positive whole number, got 0'],
    [{ exporter, maxQueueSize: 1.5 }, '`maxQueueSize` must be a positive whole number, got 1.5'],
    [{ exporter, flushIntervalMs: 0 }, '`flushIntervalMs` must be a positive number of milliseconds or `false`, got 0'],
    [{ exporter, meterProvider: 'none' }, '`meterProvider` must be a provider or `false`, got "none"'],
    [{ exporter, batchSize: 10 }, 'unknown option `batchSize`'],
    [null, '`options` must be an object'],
  ])('%j is refused', (options, message) => {
    expect(() => otel(passed(options))).toThrow(TypeError)
    expect(() => otel(passed(options))).toThrow(message)
  })
})

describe('an option that is asynchronous against its type', () => {
  beforeEach(newIsolate)

  test('`attributes` that reject are logged, and the root span is still sent', async () => {
    const { exporter, telemetry } = pipeline()
    const warn = vi.fn()
    const attributes = (async () => Promise.reject(new Error('no attributes'))) as unknown as () => Attributes
    expect(await withTelemetry(async () => 'result', { telemetry, attributes, logger: { warn } })()).toBe('result')
    expect(exporter.spans).toHaveLength(1)
    expect(warn.mock.calls).toEqual([['flushed: `attributes` failed: no attributes']])
  })

  test('a logger that rejects is ignored: there is nowhere left to log it', async () => {
    const { telemetry } = pipeline({}, 'throw')
    let warnings = 0
    // Not a mock: that would handle the rejection.
    const warn = async () => Promise.reject(new Error(`no log for ${++warnings}`))
    expect(await withTelemetry(async () => 'result', { telemetry, logger: { warn } })()).toBe('result')
    expect(warnings).toBe(1)
  })
})

describe('the environment', () => {
  beforeEach(newIsolate)
  afterEach(() => vi.unstubAllEnvs())

  test('sets `timeoutMs` if the code does not', () => {
    vi.stubEnv('FLUSHED_TIMEOUT_MS', '750')
    expect(resolveOptions().timeoutMs).toBe(750)
    expect(resolveOptions({ timeoutMs: 100 }).timeoutMs).toBe(100)
  })

  test.each(['fast', '-1', '0', 'Infinity'])('is ignored if FLUSHED_TIMEOUT_MS is %j, with one warning', (value) => {
    vi.stubEnv('FLUSHED_TIMEOUT_MS', value)
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    expect([resolveOptions().timeoutMs, resolveOptions().timeoutMs]).toEqual([2000, 2000])
    expect(warn.mock.calls).toEqual([[expect.stringContaining(`FLUSHED_TIMEOUT_MS=${JSON.stringify(value)}`)]])
    warn.mockRestore()
  })

  test('is ignored if FLUSHED_TIMEOUT_MS is empty', () => {
    vi.stubEnv('FLUSHED_TIMEOUT_MS', '')
    expect(resolveOptions().timeoutMs).toBe(2000)
  })
})
