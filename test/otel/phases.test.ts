/** An invocation that is flushed twice: while its background work goes on, and when that work has settled. On a fake platform. */
import { sdkVersion } from '#sdk'
import { SpanKind, context } from '@opentelemetry/api'
import type { FlushReport } from 'flushed'
import type { OtelOptions } from 'flushed/otel'
import { fakeClock, useClock } from 'flushed/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { Deadline } from '../../src/core/deadline.ts'
import { flush } from '../../src/core/flush.ts'
import { begin } from '../../src/core/lifecycle.ts'
import { resolveOptions } from '../../src/core/options.ts'
import type { Platform } from '../../src/core/platform.ts'
import { newIsolate, pipeline } from '../support/sdk.ts'

let clock = fakeClock()
beforeEach(() => {
  newIsolate()
  useClock((clock = fakeClock()))
})

const platform: Platform = {
  name: 'phases',
  timers: false,
  describe: (_args, parent) => ({ name: 'root', kind: SpanKind.SERVER, attributes: {}, links: [], parent }),
}

function setup(mode: 'sync' | 'hold' = 'sync', options: OtelOptions = {}) {
  const { exporter, telemetry, tracer } = pipeline(options, mode)
  let report: FlushReport | undefined
  const config = resolveOptions({ telemetry, logger: false, onFlush: (r) => void (report = r) })
  const request = () => {
    const begun = begin({ config, platform }, 'handler', [])
    if (!begun) throw new Error('nothing was opened')
    const { owner } = begun
    /** Makes the first flush, while the invocation goes on, and resolves with its counts of spans. */
    const first = async () => {
      await flush(telemetry.stages, new Deadline(2000), owner)
      return telemetry.count?.(owner)
    }
    /** Ends the invocation, and resolves with the report of its last flush. */
    const last = async () => {
      await begun.settle({ result: undefined })
      return report
    }
    const record = (name: string) => context.with(begun.context, () => tracer.startSpan(name).end())
    return { owner, first, last, record }
  }
  const sent = () => exporter.exports.map(({ spans }) => spans.map(({ name }) => name))
  return { exporter, request, sent, telemetry }
}

describe(`with SDK ${sdkVersion}, the second flush`, () => {
  test('sends what has finished since the first, none of it late, and counts only that', async () => {
    const { request, sent } = setup()
    const { first, last, record } = request()
    record('handler')
    expect(await first()).toMatchObject({ acknowledged: 1, late: 0 })
    record('background')
    expect(await last()).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 2, late: 0, carriedOver: 0 } })
    expect(sent()).toEqual([['handler'], ['background', 'root']])
    record('later')
    expect(await request().last()).toMatchObject({ spans: { acknowledged: 2, late: 1 } })
  })

  test('waits for exports of the first that are still unanswered, and counts them', async () => {
    const { exporter, request, sent } = setup('hold')
    const { first, last, record } = request()
    record('handler')
    const counted = first()
    await clock.advance(2000)
    expect(await counted).toMatchObject({ acknowledged: 0, pending: 1 })
    const report = last()
    expect(exporter.inFlight).toBe(2)
    exporter.acknowledge()
    expect(await report).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 2, pending: 0 } })
    expect(sent()).toEqual([['handler'], ['root']])
  })

  test('sends again what the backend refused of the first, and reports the new result', async () => {
    const { exporter, request, sent } = setup('hold')
    const { first, last, record } = request()
    record('handler')
    const counted = first()
    exporter.fail()
    expect(await counted).toMatchObject({ acknowledged: 0, carriedOver: 1 })
    exporter.setMode('sync')
    expect(await last()).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 2, carriedOver: 0 } })
    expect(sent()).toEqual([['handler'], ['handler', 'root']])
  })
})

describe('the answers to an invocation’s exports', () => {
  test('need not be waited for if all have come', async () => {
    const { request, telemetry } = setup()
    const { last, owner } = request()
    expect(telemetry.answered?.(owner)).toBeUndefined()
    await last()
    expect(telemetry.answered?.(owner)).toBeUndefined()
  })

  test.each([
    ['acknowledged', 'acknowledge'],
    ['refused', 'fail'],
  ] as const)('can be waited for beyond its flush, until its spans are %s; another flush does not change that', async (_how, answer) => {
    const { exporter, request, telemetry } = setup('hold')
    const { last, owner } = request()
    const report = last()
    await clock.advance(2000)
    expect(await report).toMatchObject({ outcome: 'timed_out', spans: { pending: 1 } })
    exporter.setMode('sync')
    expect(await request().last()).toMatchObject({ spans: { acknowledged: 2, pending: 0 } })

    let answered = false
    const answers = Promise.resolve(telemetry.answered?.(owner)).then(() => (answered = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(answered).toBe(false)
    exporter[answer]()
    await answers
    expect(telemetry.answered?.(owner)).toBeUndefined()
    expect(await request().last()).toMatchObject({ outcome: 'delivered', spans: { acknowledged: 1, carriedOver: 0 } })
  })
})
