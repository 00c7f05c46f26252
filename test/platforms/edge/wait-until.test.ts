/** Which `waitUntil` keeps a function alive. The contexts and globals are fakes, each like those of its platform. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EdgeOptions } from 'flushed/edge'
import { newIsolate } from '../../support/sdk.ts'
import { Context, NEXT, VERCEL, forget, globals, info, request, setup } from './contexts.ts'

beforeEach(newIsolate)
afterEach(forget)

describe('a function is kept alive until its flush is over, by', () => {
  const contexts: [string, (context: Context) => { args?: unknown[]; options?: EdgeOptions<unknown[]> }][] = [
    ['the context that Netlify passes', (context) => ({ args: [request(), context] })],
    ['the event that Fastly dispatches', (context) => ({ args: [Object.assign(context, { request: request(), respondWith() {} })] })],
    ['the event of Next’s edge functions, though `waitUntil` of its request throws', (context) => ({
      args: [Object.assign(request(), { waitUntil: () => { throw new Error('use the event') } }), context],
    })],
    ['an environment and a context, as in a module Worker', (context) => ({ args: [request(), { KV: {} }, context] })],
    ['the `waitUntil` option', (context) => ({ options: { waitUntil: (work) => context.waitUntil(work) } })],
    ['the request context that Vercel has in a global symbol', (context) => {
      globals[VERCEL] = { get: () => context }
      return {}
    }],
    ['the request context that Next has in a global symbol', (context) => {
      globals[NEXT] = { get: () => context }
      return {}
    }],
    ['`EdgeRuntime` of Supabase', (context) => {
      globals['EdgeRuntime'] = context
      return {}
    }],
    ['`Bunny.v1`', (context) => {
      globals['Bunny'] = { v1: context }
      return {}
    }],
  ]

  test.each(contexts)('%s', async (_what, arrange) => {
    const context = new Context()
    const { args = [request(), info], options } = arrange(context)
    const { handler, exporter, warnings } = setup(options)
    // The response is there before the exporter has been called.
    const exported = exporter.nextExport()
    expect(await (await handler(...args)).text()).toBe('found')
    expect(exporter.exports).toEqual([])
    await exported
    exporter.acknowledge()
    expect(await Promise.all(context.held)).toEqual(context.held.map(() => undefined))
    expect(exporter.spans.map(({ name }) => name)).toEqual(['SELECT orders', 'GET'])
    expect(warnings).toEqual([])
  })
})

test('an event of h3 1 (a fake), whose `req` is Node’s, keeps a function alive with its own `waitUntil`', async () => {
  const context = new Context()
  const { handler, exporter } = setup()
  exporter.setMode('sync')
  await handler(Object.assign(context, { req: { url: '/orders', method: 'GET', headers: {} } }))
  expect(context.held.length).toBeGreaterThan(0)
})

describe('if several `waitUntil` are available', () => {
  test('that of an argument comes before the option, the option before the platform, and Vercel before the rest', async () => {
    const [argument, option, vercel, supabase] = [new Context(), new Context(), new Context(), new Context()]
    globals[VERCEL] = { get: () => vercel }
    globals['EdgeRuntime'] = supabase
    const all = [argument, option, vercel, supabase]
    const asked = async (options: EdgeOptions<unknown[]>, ...args: unknown[]) => {
      const before = all.map(({ held }) => held.length)
      const { handler, exporter } = setup(options)
      exporter.setMode('sync')
      await handler(request(), ...args)
      return all.findIndex(({ held }, index) => held.length > (before[index] ?? 0))
    }
    expect(await asked({ waitUntil: (work) => option.waitUntil(work) }, argument)).toBe(0)
    expect(await asked({ waitUntil: (work) => option.waitUntil(work) })).toBe(1)
    expect(await asked({})).toBe(2)
    for (const none of [{ get: () => undefined }, {}]) {
      globals[VERCEL] = none
      globals[NEXT] = none
      expect(await asked({})).toBe(3)
    }
  })
})

describe('where a function cannot be kept alive', () => {
  /** Whether the response waits for the answer of the exporter. */
  async function waits(handler: (...args: unknown[]) => Promise<unknown>, exporter: ReturnType<typeof setup>['exporter'], ...args: unknown[]) {
    let there = false
    const exported = exporter.nextExport()
    const response = handler(request(), ...args).then(() => (there = true))
    await exported
    await new Promise((resolve) => setImmediate(resolve))
    const waited = !there
    exporter.acknowledge()
    await response
    return waited
  }

  test.each([
    ['nothing has `waitUntil`', undefined, /no argument of the handler has `waitUntil`.*option.*Vercel.*Supabase.*Bunny/],
    ['`waitUntil` throws', { waitUntil: () => { throw new TypeError('Illegal invocation') } }, /waitUntil failed: Illegal invocation/],
    ['`waitUntil` is not a function', { waitUntil: 'tomorrow' }, /no argument of the handler/],
  ])('because %s, the response waits for the flush, and the log says why, once', async (_what, context, reason) => {
    globals['EdgeRuntime'] = 'edge-runtime'
    const { handler, exporter, warnings } = setup()
    expect(await waits(handler, exporter, context)).toBe(true)
    expect(await waits(handler, exporter, context)).toBe(true)
    expect(exporter.spans).toHaveLength(4)
    expect(warnings).toEqual([expect.stringMatching(reason)])
  })

  test('because `waitUntil` throws once the handler has settled, the response waits, and earlier promises resolve', async () => {
    const held: Promise<unknown>[] = []
    const waitUntil = (work: Promise<unknown>) => {
      if (held.push(work) > 1) throw new TypeError('the request is over')
    }
    const { handler, exporter } = setup({ waitUntil })
    expect(await waits(handler, exporter)).toBe(true)
    await held[0]
    expect(exporter.spans).toHaveLength(2)
  })

  test("because `flush` is 'before-response', the response waits for the flush, and nothing is logged", async () => {
    const { handler, exporter, warnings } = setup({ flush: 'before-response' })
    expect(await waits(handler, exporter, new Context())).toBe(true)
    expect(warnings).toEqual([])
  })
})

test('a fake Fastly event, which takes its first `waitUntil` only while it is dispatched, gets one then', async () => {
  let dispatching = true
  let pending = 0
  const event = {
    request: request(),
    waitUntil(work: Promise<unknown>) {
      if (!dispatching && pending === 0) throw new TypeError('waitUntil called asynchronously')
      pending++
      void work.then(() => pending--)
    },
  }
  const { handler, exporter, warnings } = setup()
  const response = handler(event)
  dispatching = false
  expect(await (await response).text()).toBe('found')
  expect(pending).toBe(1)
  await expect.poll(() => exporter.inFlight).toBe(1)
  exporter.acknowledge()
  await expect.poll(() => pending).toBe(0)
  expect(exporter.spans).toHaveLength(2)
  expect(warnings).toEqual([])
})

test('fake timers of the program do not keep the function alive forever', async () => {
  const { handler, exporter } = setup()
  exporter.setMode('sync')
  const context = new Context()
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  try {
    await handler(request(), context)
    await Promise.all(context.held)
  } finally {
    vi.useRealTimers()
  }
  expect(exporter.spans).toHaveLength(2)
})

test('a global context does not retain the arguments of the first request', async () => {
  setFlagsFromString('--expose-gc')
  const context = new Context()
  globals['EdgeRuntime'] = context
  const { handler, exporter } = setup()
  exporter.setMode('sync')
  const first = await (async () => {
    const given = { remoteAddr: '203.0.113.7' }
    await handler(request(), given)
    return new WeakRef(given)
  })()
  await Promise.all(context.held)
  await new Promise(setImmediate)
  ;(runInNewContext('gc') as () => void)()
  expect(first.deref()).toBeUndefined()
})
