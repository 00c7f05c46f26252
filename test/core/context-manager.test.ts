/** When the runtime's AsyncLocalStorage is asked for. */
import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => vi.restoreAllMocks())

test('it is loaded with the package, and not within the first request: V8 compiles it well only then', async () => {
  const asked = vi.spyOn(process, 'getBuiltinModule')
  vi.resetModules()
  const loaded = vi.fn()
  asked.mockReturnValue({ get AsyncLocalStorage() { return loaded() as undefined } } as never)
  await import('../../src/core/context-manager.ts')
  expect(asked).toHaveBeenCalledExactlyOnceWith('node:async_hooks')
  expect(loaded).toHaveBeenCalledOnce()
})
