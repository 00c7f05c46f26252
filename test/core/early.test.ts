/** Invocations that end before, or after, their handler settles. On a fake platform. */
import { SpanKind } from '@opentelemetry/api'
import { type FlushReport, currentInvocation } from 'flushed'
import { fakeClock, useClock } from 'flushed/testing'
import { beforeEach, expect, test } from 'vitest'
import { endEarly } from '../../src/core/early.ts'
import { leave } from '../../src/core/finish.ts'
import type { InvocationState } from '../../src/core/invocation.ts'
import { resolveOptions } from '../../src/core/options.ts'
import type { Lifetime, Platform } from '../../src/core/platform.ts'
import { wrap } from '../../src/core/with-telemetry.ts'
import { newIsolate, pipeline } from '../support/sdk.ts'

let reports: FlushReport[] = []

beforeEach(() => {
  newIsolate()
  reports = []
})

const living = (lifetime: Lifetime): Platform => ({
  name: 'test',
  describe: (_args, parent) => ({ name: '', kind: SpanKind.INTERNAL, attributes: {}, links: [], parent }),
  lifetime: () => lifetime,
})

test('an invocation that is being flushed early is not left to a later flush when its handler settles', async () => {
  const clock = fakeClock()
  useClock(clock)
  // The early flush waits for this buffer while its spans are under way.
  const meterProvider = { forceFlush: () => new Promise<void>((resolve) => clock.setTimeout(resolve, 10)) }
  const { telemetry } = pipeline({ meterProvider }, 'hold')
  const deferring: Lifetime = { phase: 'before-response', hold: (_finish, invocation) => leave(invocation) }
  const config = resolveOptions({ telemetry, logger: false, onFlush: (report) => reports.push(report) })
  const handler = async () => void endEarly(currentInvocation() as InvocationState, 'early-timeout', new Error('stopped'))
  await wrap(handler, config, living(deferring))()
  await clock.advance(2000)
  expect(reports).toMatchObject([{ outcome: 'partial', phase: 'early-timeout', spans: { acknowledged: 0, pending: 1 } }])
})

test('a flush after the response does not wait for work registered after the handler has settled', async () => {
  const clock = fakeClock()
  useClock(clock)
  const { exporter, telemetry } = pipeline()
  const later: Lifetime = { phase: 'after-response', hold: (finish) => void clock.setTimeout(() => void finish(), 10) }
  const config = resolveOptions({ telemetry, logger: false, name: 'root', onFlush: (report) => reports.push(report) })
  const handler = async () => {
    const invocation = currentInvocation()
    clock.setTimeout(() => invocation?.waitUntil(new Promise(() => {})), 5)
  }
  await wrap(handler, config, living(later))()
  await clock.advance(10)
  expect(reports).toMatchObject([{ outcome: 'delivered' }])
  expect(exporter.spans.map(({ name }) => name)).toEqual(['root'])
})

test('what is ended along with background work is reported, even if there is nothing to send', async () => {
  const { telemetry } = pipeline()
  const apart: Lifetime = { phase: 'after-response', apart: true, hold: (finish) => void finish() }
  const config = resolveOptions({ telemetry, logger: false, onFlush: (report) => reports.push(report) })
  const handler = async () => {
    const invocation = currentInvocation()
    const work = async () => {
      await new Promise(setImmediate)
      invocation?.adopt({}, () => {})
    }
    invocation?.waitUntil(work())
  }
  await wrap(handler, config, { ...living(apart), timers: false })()
  while (reports.length < 2) await new Promise(setImmediate)
  expect(reports.map(({ phase, spans }) => [phase, spans.endedByDispose])).toEqual([['after-response', 0], ['background', 1]])
})
