/** When contexts begin to be carried, and the runtime's AsyncLocalStorage is asked for. */
import { ROOT_CONTEXT, SpanKind, context, createContextKey } from '@opentelemetry/api'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)
afterEach(() => vi.restoreAllMocks())

test('contexts are carried from a framework’s own span for the first request on, which contains its invocation', () => {
  const { tracer } = pipeline()
  const key = createContextKey('key')
  const carried = () => context.with(ROOT_CONTEXT.setValue(key, 'value'), () => context.active().getValue(key))
  expect(carried()).toBeUndefined()
  // An application that is starting may register a context manager of its own yet.
  tracer.startSpan('of a start').end()
  expect(carried()).toBeUndefined()
  tracer.startSpan('of a framework', { kind: SpanKind.SERVER }).end()
  expect(carried()).toBe('value')
})

test('it is loaded with the package, and not within the first request: V8 compiles it well only then', async () => {
  const asked = vi.spyOn(process, 'getBuiltinModule')
  vi.resetModules()
  const loaded = vi.fn()
  asked.mockReturnValue({ get AsyncLocalStorage() { return loaded() as undefined } } as never)
  await import('../../src/core/context-manager.ts')
  expect(asked).toHaveBeenCalledExactlyOnceWith('node:async_hooks')
  expect(loaded).toHaveBeenCalledOnce()
})
