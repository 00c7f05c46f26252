/** Specifies `@Traced()` on methods whose results are waited for with `catch` or `finally`, as those of vendors' clients are. */
import { Traced } from 'flushed/decorators'
import { beforeEach, describe, expect, test } from 'vitest'
import { newIsolate } from '../support/sdk.ts'
import { failure, named, spansOf } from './support.ts'

beforeEach(newIsolate)

describe('a result with a `then` of its own', () => {
  describe.each<[string, (promise: () => Promise<string>) => object]>([
    // Like Prisma's.
    // oxlint-disable-next-line unicorn/no-thenable -- what this is about
    ['that are properties of its own', (promise) => ({ then: (...how: []) => promise().then(...how), catch: (...how: []) => promise().catch(...how), finally: (...how: []) => promise().finally(...how) })],
    // Like most vendors' clients'.
    ['that its class overrides', (promise) => new (class extends Promise<string> {
      // oxlint-disable-next-line unicorn/no-thenable -- what this is about
      override then<T, F>(...how: Parameters<typeof Promise.prototype.then<T, F>>) {
        return promise().then(...how)
      }
      override catch<T>(...how: Parameters<typeof Promise.prototype.catch<T>>) {
        return promise().catch(...how)
      }
      override finally(...how: Parameters<typeof Promise.prototype.finally>) {
        return promise().finally(...how)
      }
    })(() => {})],
    ['that its class inherits from `Promise`', (promise) => (class extends Promise<string> {}).resolve(promise())],
    // Clients of language models: their constructor takes no executor, so a promise's own methods cannot make another one.
    ['that its class overrides, with a constructor that takes no executor', (promise) => new (class extends Promise<string> {
      constructor(readonly asked: Promise<string>) {
        super((resolve) => resolve(''))
      }
      // oxlint-disable-next-line unicorn/no-thenable -- what this is about
      override then<T, F>(...how: Parameters<typeof Promise.prototype.then<T, F>>) {
        return this.asked.then(...how)
      }
      override catch<T>(...how: Parameters<typeof Promise.prototype.catch<T>>) {
        return this.asked.catch(...how)
      }
      override finally(...how: Parameters<typeof Promise.prototype.finally>) {
        return this.asked.finally(...how)
      }
    })(promise())],
  ])('and a `catch` and `finally` %s', (_whose, make) => {
    class Clients {
      @Traced() ask(promise: () => Promise<string>) {
        return make(promise) as Promise<string>
      }
    }
    test.each<[string, (asked: Promise<string>) => Promise<unknown>]>([
      ['catch', (asked) => asked.catch(() => 'body')],
      ['finally', (asked) => asked.finally(() => {})],
    ])('ends its span when it is waited for with `%s`', async (_way, wait) => {
      const spans = await spansOf(async () => expect(await wait(new Clients().ask(async () => 'body'))).toBe('body'))
      expect(named(spans, 'Clients.ask').attributes).toEqual({})
    })

    test('records the error on its span when `catch` handles it', async () => {
      const spans = await spansOf(async () => expect(await new Clients().ask(() => Promise.reject(failure)).catch((error) => error)).toBe(failure))
      expect(named(spans, 'Clients.ask').status.message).toBe('no such order')
    })
  })

  test('may override `catch`: the override is called, and the span has the original error', async () => {
    class Job extends Promise<string> {
      override catch<T>(rejected?: ((reason: Error) => T | PromiseLike<T>) | null) {
        return super.catch((error: Error) => rejected?.(new Error(`the job: ${error.message}`)) as T)
      }
    }
    class Jobs {
      @Traced() run() {
        return Job.reject(failure) as Job
      }
    }
    const spans = await spansOf(async () => expect((await new Jobs().run().catch((error: Error) => error) as Error).message).toBe('the job: no such order'))
    expect(named(spans, 'Jobs.run').status.message).toBe('no such order')
  })

  test('may have a `catch` with other parameters, as Bluebird has', async () => {
    class Bluebird extends Promise<string> {
      override catch(...how: unknown[]) {
        const [kind, rejected] = how as [new () => Error, () => string]
        return this.then(undefined, (error) => (error instanceof kind ? rejected() : Promise.reject(error))) as never
      }
    }
    class Clients {
      @Traced() ask() {
        return Bluebird.reject(failure) as Bluebird
      }
    }
    const spans = await spansOf(async () => {
      await expect(new Clients().ask().catch(TypeError, () => 'body')).rejects.toBe(failure)
      expect(await new Clients().ask().catch(RangeError, () => 'body')).toBe('body')
    })
    expect(spans.filter(({ name }) => name === 'Clients.ask').map(({ attributes }) => attributes)).toEqual([{ 'error.type': 'RangeError' }, { 'error.type': 'RangeError' }])
  })
})
