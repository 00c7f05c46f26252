/** When a context manager is registered, and when the runtime's AsyncLocalStorage is loaded. */
import { ROOT_CONTEXT, context, createContextKey } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { isolate } from '../../src/core/isolate.ts'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)
afterEach(() => vi.restoreAllMocks())

test('contexts are propagated from the first span on, such as a framework’s around the first invocation', async () => {
  const { tracer } = pipeline()
  const key = createContextKey('key')
  const carried = () => context.with(ROOT_CONTEXT.setValue(key, 'value'), () => context.active().getValue(key))
  expect(carried()).toBeUndefined()
  tracer.startSpan('of a framework').end()
  await undefined
  expect(carried()).toBe('value')
})

test('an application whose first step is a span can still register its own context manager after it', async () => {
  const { tracer } = pipeline()
  tracer.startSpan('of the start').end()
  expect(context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())).toBe(true)
  await undefined
  expect(isolate).toMatchObject({ managed: true, storage: undefined })
})

test('AsyncLocalStorage is loaded with the package, not in the first request: only then does V8 compile it well', async () => {
  const asked = vi.spyOn(process, 'getBuiltinModule')
  vi.resetModules()
  const loaded = vi.fn()
  asked.mockReturnValue({ get AsyncLocalStorage() { return loaded() as undefined } } as never)
  await import('../../src/core/context-manager.ts')
  expect(asked).toHaveBeenCalledExactlyOnceWith('node:async_hooks')
  expect(loaded).toHaveBeenCalledOnce()
})
