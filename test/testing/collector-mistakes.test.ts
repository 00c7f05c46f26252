/** Mistakes in a test that uses the collector: the test is told of them, and not only the exporter. */
import { startCollector } from 'flushed/testing'
import type { Behaviors, BehaviorRule, Collector, CollectorOptions, WaitOptions } from 'flushed/testing'
import { describe, expect, test } from 'vitest'

const post = (collector: Collector) =>
  fetch(`${collector.url}/v1/traces`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })

describe('a rule that throws', () => {
  const mistake = new Error('expected two spans')
  const thrower = () => {
    throw mistake
  }

  test('answers 500, and every wait ends with its error', async () => {
    const collector = await startCollector({ behavior: { traces: thrower } })
    const waiting = [1, 2].map(() => expect(collector.waitFor(() => false, { timeoutMs: 600_000 })).rejects.toBe(mistake))
    const response = await post(collector)
    expect([response.status, await response.json()]).toEqual([500, { message: 'expected two spans' }])
    await Promise.all(waiting)
    collector.reset()
    // Even if the predicate holds: the rule may have been wrong about that, too.
    await expect(collector.waitFor(() => true)).rejects.toBe(mistake)
    // A wait has rejected with it, so `close` does not: leaving an `await using` would make a `SuppressedError` of it.
    await collector.close()
  })

  test('makes `close` reject once, after everything is closed', async () => {
    const collector = await startCollector({ behavior: thrower })
    await post(collector)
    collector.behave(() => {
      throw new Error('a second one')
    })
    await post(collector)
    await expect(collector.close()).rejects.toBe(mistake)
    await expect(post(collector)).rejects.toThrow('fetch failed')
    await collector.close()
  })

  test('makes one of two calls of `close` reject, and both settle after everything is closed', async () => {
    const collector = await startCollector({ behavior: (request) => (request.headers['x-hang'] ? 'hang' : thrower()) })
    const hanging = fetch(`${collector.url}/v1/traces`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', 'x-hang': '1' },
    })
    await collector.waitFor(({ requests }) => requests.length === 1)
    await post(collector)
    const closed = await Promise.allSettled([collector.close(), collector.close()])
    expect(closed).toEqual([
      { status: 'rejected', reason: mistake },
      { status: 'fulfilled', value: undefined },
    ])
    await expect(hanging).rejects.toThrow()
  })

  test('makes a test fail that neither waits nor closes', async () => {
    const scope = async () => {
      await using collector = await startCollector({ behavior: thrower })
      await post(collector)
    }
    await expect(scope()).rejects.toBe(mistake)
  })

  test('may throw `undefined`', async () => {
    const collector = await startCollector()
    collector.behave(() => {
      throw undefined
    })
    expect((await post(collector)).status).toBe(500)
    const outcome = collector.close().then(
      () => 'closed',
      (error: unknown) => [error],
    )
    expect(await outcome).toEqual([undefined])
  })
})

test.each([
  ['nothing', () => undefined, 'undefined'],
  ['an unknown behavior', () => 'hangs', '"hangs"'],
  ['a promise', async () => 'ok', '"a promise"'],
  ['a function', () => () => 'ok', '() => "ok"'],
])('a rule that returns %s counts as one that throws', async (_what, rule, quoted) => {
  const collector = await startCollector({ behavior: rule as BehaviorRule })
  expect((await post(collector)).status).toBe(500)
  const message = `option \`behavior\` must be a function that returns 'ok' or 'hang' or 'reset' or an answer such as { status: 503 }, got ${quoted}`
  await expect(collector.waitFor(() => false)).rejects.toThrow(message)
  await collector.close()
})

const rule = "'ok' or 'hang' or 'reset' or an answer such as { status: 503 }, or a function"
const behaviors: [unknown, string][] = [
  ['hangs', `option \`behavior\` must be ${rule}, got "hangs"`],
  [undefined, `option \`behavior\` must be ${rule}, got undefined`],
  [['ok'], `option \`behavior\` must be ${rule}, got ["ok"]`],
  [{ traces: 'hangs' }, `option \`traces\` must be ${rule}, got "hangs"`],
  [{ traces: null }, `option \`traces\` must be ${rule}, got null`],
  [{ trace: 'hang' }, 'unknown option `trace`; the options are `traces`, `metrics`, `logs`, `delayMs`'],
  [{ traces: 'ok', status: 503 }, 'unknown option `status`; the options are `traces`, `metrics`, `logs`'],
  [{ logs: { retryafter: 1 } }, 'unknown option `retryafter`; the options are `delayMs`, `status`, `retryAfter`'],
  [{ status: '503' }, 'option `status` must be an integer from 200 to 599, got "503"'],
  [{ delayMs: -1 }, 'option `delayMs` must be a number of milliseconds from 0 to 2147483647, got -1'],
  [{ delayMs: Infinity }, 'got Infinity'],
  [{ retryAfter: 'soon\n' }, 'option `retryAfter` must be a number of seconds or an HTTP date, got "soon\\n"'],
  [{ partialSuccess: 0.5 }, 'option `partialSuccess` must be an integer'],
  [{ message: 7 }, 'option `message` must be a string, got 7'],
]

describe('an invalid behavior', () => {
  test.each(behaviors)('%j is refused when it is set, and the behavior before stays', async (behavior, message) => {
    await using collector = await startCollector({ behavior: { status: 418 } })
    expect(() => collector.behave(behavior as Behaviors)).toThrow(TypeError)
    expect(() => collector.behave(behavior as Behaviors)).toThrow(message)
    expect((await post(collector)).status).toBe(418)
  })

  test('is refused by `release`', async () => {
    await using collector = await startCollector()
    expect(() => collector.release({ state: 503 } as never)).toThrow('unknown option `state`')
  })
})

test.each([
  [{ behaviour: 'hang' }, 'unknown option `behaviour`; the options are `behavior`, `port`'],
  [{ behavior: 'hangs' }, 'option `behavior` must be'],
  [{ port: '4318' }, 'option `port` must be an integer from 0 to 65535, got "4318"'],
  [4318, 'option `options` must be an object, got 4318'],
])('startCollector(%j) is refused', async (options, message) => {
  const refused = startCollector(options as CollectorOptions)
  await expect(refused).rejects.toThrow(message)
  await expect(refused).rejects.toMatchObject({ name: 'TypeError', code: 'FLUSHED_INVALID_OPTION' })
})

test.each([
  [{ timeoutMS: 5 }, 'unknown option `timeoutMS`; the options are `timeoutMs`'],
  [{ timeoutMs: Infinity }, 'option `timeoutMs` must be a number of milliseconds from 0 to 2147483647, got Infinity'],
])('waitFor(…, %o) is refused', async (options, message) => {
  await using collector = await startCollector()
  await expect(collector.waitFor(() => true, options as WaitOptions)).rejects.toThrow(message)
})
