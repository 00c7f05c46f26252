/** `adopt`: how an invocation ends the things that it has adopted, and what cannot be adopted. */
import { adopt, currentInvocation, withTelemetry } from 'flushed'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

describe('adopting', () => {
  const inside = <T>(run: () => T) => withTelemetry(async () => run(), { telemetry: pipeline().telemetry })()

  test.each([
    ['`end`', 'end'],
    ['`finish`', 'finish'],
    ['`close`', 'close'],
    ['`[Symbol.dispose]`', Symbol.dispose],
  ])('something with %s calls that, as its method', async (_title, way) => {
    const thing = { [way]: vi.fn(function (this: unknown) { return this }) } as unknown as { end(): void }
    expect(await inside(() => adopt(thing))).toBe(thing)
    expect(vi.mocked(thing[way as 'end']).mock.results).toEqual([{ type: 'return', value: thing }])
  })

  test('something with a function that ends it calls that function, and not its method', async () => {
    const thing = { end: vi.fn(), stop: vi.fn() }
    await inside(() => adopt(thing, (it) => it.stop()))
    expect([thing.stop.mock.calls.length, thing.end.mock.calls.length]).toEqual([1, 0])
  })

  test('`undefined` or `null`, as disabled tracers return, ends nothing', async () => {
    expect(await inside(() => adopt(undefined))).toBeUndefined()
    expect(adopt(null)).toBeNull()
    const end = vi.fn()
    expect(await inside(() => [adopt(undefined, end), currentInvocation()?.adopt(null, end)])).toEqual([undefined, null])
    expect(end).not.toHaveBeenCalled()
  })

  test.each([['inside', inside], ['outside', async (run: () => unknown) => run()]])(
    'something that cannot be ended is a TypeError that names the methods looked for, %s an invocation',
    async (_title, run) => {
      const mistake = { stop() {}, name: 'timer' } as unknown as { end(): void }
      const thrown: unknown = await run(() => adopt(mistake)).catch((error: unknown) => error)
      expect(thrown).toBeInstanceOf(TypeError)
      expect(thrown).toMatchObject({
        message:
          'flushed: option `thing` must be something with `end`, `finish`, `close` or `[Symbol.dispose]`, ' +
          'or with a function that ends it, got {"name":"timer"}',
      })
    },
  )
})
