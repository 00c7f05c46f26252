/** The errors of the package: how they are told from others, and what they say of values and of what was thrown. */
import { type FlushReport, type TelemetryInput, isFlushedError, withTelemetry } from 'flushed'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

const handler = async () => {}

/** The error of a wrap with a bad `timeoutMs`. */
function refusal(timeoutMs: unknown): unknown {
  try {
    return withTelemetry(handler, { timeoutMs: timeoutMs as number })
  } catch (error) {
    return error
  }
}

/** The error of the report of a flush that fails. */
async function failure(telemetry: TelemetryInput): Promise<Error | undefined> {
  let report: FlushReport | undefined
  await withTelemetry(handler, { telemetry, logger: false, onFlush: (r) => void (report = r) })()
  return report?.stages.find(({ error }) => error)?.error
}

describe('`isFlushedError`', () => {
  test('recognises an error by its code', () => {
    const error = refusal(-1)
    expect(error).toBeInstanceOf(TypeError)
    expect(isFlushedError(error) && error.code).toBe('FLUSHED_INVALID_OPTION')
  })

  test('recognises an error of another copy of the package', () => {
    expect(isFlushedError(Object.assign(new Error('timed out'), { code: 'FLUSHED_TIMEOUT' }))).toBe(true)
  })

  test.each([new TypeError('other'), Object.assign(new Error(), { code: 'ENOENT' }), 'FLUSHED_TIMEOUT', {}, null, undefined])('says no to %s', (value) => {
    expect(isFlushedError(value)).toBe(false)
  })
})

describe('an error quotes', () => {
  const cyclic: { self?: object } = {}
  cyclic.self = cyclic

  test.each([
    ['a string', 'soon', 'got "soon"'],
    ['an object', { ms: 1 }, 'got {"ms":1}'],
    ['a function', () => 1, 'got () => 1'],
    ['a number that JSON has not', NaN, 'got NaN'],
    ['a big integer', 5n, 'got 5n'],
    ['a promise', Promise.resolve(1), 'got a promise'],
    ['what cannot be printed', cyclic, 'got object'],
    ['a long value, cut', 'x'.repeat(1_000), `got "${'x'.repeat(79)}`],
  ])('%s', (_what, value, quoted) => {
    const { message } = refusal(value) as Error
    expect(message.slice(message.lastIndexOf('got '))).toBe(quoted)
  })
})

describe('the error of a flush', () => {
  const refused = new Error('refused')
  const hostile = new Proxy({}, {
    getPrototypeOf() {
      throw new Error('not told')
    },
  })

  test.each([
    ['an error', refused, 'refused'],
    ['several errors, as a provider of OpenTelemetry does', [refused, 'no route'], 'refused; "no route"'],
    ['a string', 'no route', '"no route"'],
    ['nothing', undefined, 'undefined'],
    ['what does not even tell what it is', hostile, 'object'],
  ])('that rejects with %s is an error, and says it', async (_what, reason, message) => {
    const error = await failure(() => Promise.reject(reason))
    expect(error).toBeInstanceOf(Error)
    expect(error?.message).toContain(message)
  })

  test("of a backend that refuses has the exporter's own error as its cause", async () => {
    const { telemetry } = pipeline({ exporter: { export: (_spans, done) => done({ code: 1, error: refused }), shutdown: async () => {} } })
    const error = await failure(telemetry)
    expect(error).toMatchObject({ code: 'FLUSHED_EXPORT_FAILED', message: expect.stringContaining('1 span not accepted: refused') as string })
    expect(error?.cause).toBe(refused)
  })
})
