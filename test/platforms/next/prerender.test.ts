/** What Next prerenders in a real application, which Next builds with the package as users get it, and starts. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Answer, type NextApp, startNext } from '../../support/next.ts'

const home = new URL('../../runtimes/next/', import.meta.url)

let app: NextApp

beforeAll(async () => {
  app = await startNext()
}, 300_000)
afterAll(() => app[Symbol.asyncDispose]())

const caching = ({ status, headers }: Answer) => [status, headers.get('x-nextjs-cache'), headers.get('cache-control')]

/** What the build has prerendered, by path. */
const built = (): Record<string, { initialRevalidateSeconds: unknown }> =>
  JSON.parse(readFileSync(new URL('.cache/build/prerender-manifest.json', home), 'utf8')).routes

/** A path segment that was never requested before: the build is kept from run to run. */
const fresh = () => crypto.randomUUID()

describe('in a real Next, a wrapped route handler', () => {
  test('is prerendered by the build if it would be without the wrapper', () => {
    expect(built()).toMatchObject({
      '/api/revalidated': { initialRevalidateSeconds: 1 },
      '/api/bare/revalidated': { initialRevalidateSeconds: 1 },
      '/api/generated/1': { initialRevalidateSeconds: false },
      '/api/bare/generated/1': { initialRevalidateSeconds: false },
    })
  })

  test('is answered from what has been prerendered, as without the wrapper', async () => {
    const [wrapped, bare] = [await app.request('/api/generated/1'), await app.request('/api/bare/generated/1')]
    expect(caching(wrapped)).toEqual([200, 'HIT', 's-maxage=31536000'])
    expect(caching(wrapped)).toEqual(caching(bare))
  })

  test('is prerendered once for a path that the build did not know', async () => {
    const path = `/api/generated/${fresh()}`
    expect(caching(await app.request(path))).toEqual([200, 'MISS', 's-maxage=31536000'])
    expect(caching(await app.request(path))).toEqual([200, 'HIT', 's-maxage=31536000'])
  })

  test('is prerendered again when it is out of date, and stays static', async () => {
    const at = async () => (JSON.parse((await app.request('/api/revalidated')).text) as { at: number }).at
    for (let round = 0; round < 2; round++) {
      const before = await at()
      await expect.poll(at, { timeout: 10_000 }).toBeGreaterThan(before)
    }
    const answer = await app.request('/api/revalidated')
    expect(caching(answer)).toEqual([200, expect.stringMatching('HIT|STALE'), expect.stringMatching(/^s-maxage=1, stale-while-revalidate=/)])
  })

  test('is not an invocation when it is prerendered, but is one when it is not', async () => {
    const prerendered = await app.request(`/api/generated/${fresh()}`)
    const dynamic = await app.request('/api/orders/7')
    await app.spans(dynamic, 'GET /api/orders/[id]')
    expect(app.collector.acknowledged(prerendered.traceId).filter(({ scope, kind }) => scope?.name === 'flushed' && kind === 'server')).toEqual([])
    expect(app.logs()).not.toMatch(/^flushed:/m)
  })
})

describe('whether Next prerenders', () => {
  const NAME = 'next/dist/server/app-render/work-unit-async-storage.external.js'
  const require = createRequire(home)

  const forget = () => {
    for (const key of Object.getOwnPropertySymbols(globalThis)) if (key.description?.startsWith('@next/')) Reflect.deleteProperty(globalThis, key)
  }
  const load = (): AsyncLocalStorage<{ type: string }> => require(NAME).workUnitAsyncStorage

  beforeEach(() => {
    vi.resetModules()
    vi.stubGlobal('AsyncLocalStorage', AsyncLocalStorage)
    return () => {
      vi.unstubAllGlobals()
      forget()
      for (const path of Object.keys(require.cache)) if (/[\\/]next[\\/]dist[\\/]/.test(path)) delete require.cache[path]
    }
  })

  test.each([
    ['of this version', () => {}],
    ['of a version that has this only in a module', forget],
  ])('is known in a Next %s', async (_which, change) => {
    const storage = load()
    change()
    const { prerenders } = await import('../../../src/platforms/next/prerender.ts')
    const types = ['prerender', 'prerender-legacy', 'request', 'cache']
    expect(types.map((type) => storage.run({ type }, prerenders))).toEqual([true, true, false, false])
    expect(prerenders()).toBe(false)
  })

  test('is not known in any other Next, and causes no error', async () => {
    const { prerenders } = await import('../../../src/platforms/next/prerender.ts')
    expect([prerenders(), load().run({ type: 'prerender' }, prerenders)]).toEqual([false, false])
  })

  test('is not known where there is neither Next nor Node, and causes no error', async () => {
    const { prerenders } = await import('../../../src/platforms/next/prerender.ts')
    vi.stubGlobal('process', undefined)
    expect(prerenders()).toBe(false)
  })
})
