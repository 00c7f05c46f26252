/** Work that a handler hands to a `waitUntil` of its platform (a fake): it belongs to the invocation. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { span, withTelemetry } from 'flushed/edge'
import { newIsolate } from '../../support/sdk.ts'
import { Context, VERCEL, forget, globals, request, setup } from './contexts.ts'

beforeEach(newIsolate)
afterEach(forget)

test('work that the handler hands to its context belongs to the invocation: its failure is reported, never unhandled', async () => {
  const context = new Context()
  const { telemetry, exporter } = setup()
  exporter.setMode('microtask')
  const warnings: string[][] = []
  const handler = withTelemetry(async (_request: Request, { waitUntil }: { waitUntil(work: Promise<unknown>): void }) => {
    waitUntil(Promise.reject(new RangeError('no such audit')))
    return new Response('found')
  }, { telemetry, onFlush: (report) => warnings.push(report.warnings), logger: false })
  await handler(request(), context)
  const [own, given, ...flushes] = await Promise.allSettled(context.held)
  expect([own?.status, given?.status]).toEqual(['fulfilled', 'rejected'])
  expect(flushes.every(({ status }) => status === 'fulfilled')).toBe(true)
  expect(warnings.flat()).toEqual([expect.stringContaining('no such audit')])
})

test('work that goes on after the flush, and records nothing, has no flush of its own to report', async () => {
  const context = new Context()
  const { telemetry, exporter } = setup()
  exporter.setMode('microtask')
  const phases: string[] = []
  const { promise: flushed, resolve } = Promise.withResolvers<void>()
  const handler = withTelemetry(async (_request: Request, { waitUntil }: Pick<Context, 'waitUntil'>) => {
    waitUntil(flushed)
    return new Response('found')
  }, {
    telemetry,
    onFlush({ phase }) {
      phases.push(phase)
      resolve()
    },
  })
  await handler(request(), context)
  await Promise.all(context.held)
  expect(phases).toEqual(['after-response'])
})

describe('work that the handler hands to the `waitUntil` of', () => {
  const platforms: [string, PropertyKey, (context: Context) => unknown][] = [
    ['Vercel’s request context', VERCEL, (context) => ({ get: () => context })],
    ['Supabase’s `EdgeRuntime`', 'EdgeRuntime', (context) => context],
    ['`Bunny.v1`', 'Bunny', (context) => ({ v1: context })],
  ]

  test.each(platforms)('%s belongs to the invocation', async (_what, name, global) => {
    const context = new Context()
    globals[name] = global(context)
    const { telemetry, exporter } = setup()
    exporter.setMode('microtask')
    const phases: string[] = []
    let flushed = () => {}
    const handler = withTelemetry(async (_request: Request) => {
      const audit = span('audit')
      context.waitUntil(new Promise<void>((resolve) => (flushed = resolve)).then(() => audit.setAttribute('rows', 3).end()))
      return new Response('found')
    }, {
      telemetry,
      onFlush({ phase }) {
        phases.push(phase)
        flushed()
      },
    })
    for (let call = 0; call < 2; call++) {
      await handler(request())
      await Promise.all(context.held)
    }
    const audits = exporter.spans.filter((one) => one.name === 'audit')
    expect(audits.map(({ attributes }) => attributes)).toEqual([{ rows: 3 }, { rows: 3 }])
    expect(phases).toEqual(['after-response', 'background', 'after-response', 'background'])
  })
})
