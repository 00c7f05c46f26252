/** What a request that died without notice has left: who ends it, sends it and reports it. On a fake platform where that happens. */
import { SpanKind, context } from '@opentelemetry/api'
import type { FlushReport } from 'flushed'
import { fakeClock, useClock } from 'flushed/testing'
import { beforeEach, expect, test } from 'vitest'
import type { InvocationState } from '../../src/core/invocation.ts'
import { type Wrap, begin } from '../../src/core/lifecycle.ts'
import { resolveOptions } from '../../src/core/options.ts'
import { arrive, requestScope } from '../../src/web/scope.ts'
import { newIsolate, pipeline } from '../support/sdk.ts'

let clock = fakeClock()
let reports: FlushReport[] = []

beforeEach(() => {
  newIsolate()
  useClock((clock = fakeClock()))
  reports = []
})

function setup() {
  const { exporter, telemetry, tracer } = pipeline()
  const wrap: Wrap = {
    config: resolveOptions({ telemetry, logger: false, onFlush: (report) => void reports.push(report) }),
    platform: {
      name: 'test',
      ...requestScope(() => undefined),
      begun: (_args, invocation) => arrive(invocation),
      describe: (_args, parent) => ({ name: 'root', kind: SpanKind.SERVER, attributes: {}, links: [], parent }),
    },
  }
  /** A request that leaves a span open and is not heard of again. */
  const dead = () => {
    const begun = begin(wrap, 'dead', [])
    context.with(begun?.context as never, () => tracer.startSpan('open'))
    const owner = begun?.owner as InvocationState
    owner.expiresAt = clock.now()
    return { owner, settle: async () => void (await begun?.settle({ result: undefined })) }
  }
  const request = async () => void (await begin(wrap, 'later', [])?.settle({ result: undefined }))
  const told = () => reports.map(({ spans }) => spans.endedByDispose)
  return { exporter, dead, request, told }
}

test('the first request after it expires ends it, and sends its spans', async () => {
  const { exporter, dead, request } = setup()
  const { owner } = dead()
  await request()
  expect([owner.live, exporter.spans.length]).toEqual([true, 1])
  await clock.advance(1)
  await request()
  expect(owner.live).toBe(false)
  expect(exporter.exports.at(-1)?.spans.map(({ name }) => name)).toEqual(['open', 'root', 'root'])
})

test('the first request after it reports what it has left open, and no other does, even if it was alive after all', async () => {
  const { dead, request, told } = setup()
  const { settle } = dead()
  await clock.advance(1)
  for (let n = 0; n < 2; n++) await request()
  await settle()
  expect(told()).toEqual([1, 0, 0])
})

test('what several have left is counted, with each warning once, and at most ten of them', async () => {
  const { dead, request, told } = setup()
  for (let n = 0; n < 30; n++) {
    const { owner } = dead()
    owner.warnings.push('background work failed: no', `background work failed: ${n}`)
  }
  await clock.advance(1)
  await request()
  expect(told()).toEqual([30])
  expect(reports[0]?.warnings).toHaveLength(10)
  expect(reports[0]?.warnings.slice(0, 2)).toEqual(['background work failed: no', 'background work failed: 0'])
})
