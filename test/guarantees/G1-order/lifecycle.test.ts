/** G1 Order, against the lifecycle: children deepest first, then the root, buffers, exporters, and the network's answer. */
import { context, trace } from '@opentelemetry/api'
import { adopt, span, waitUntil, withTelemetry } from 'flushed'
import type { FlushReport } from 'flushed'
import { beforeEach, describe, expect, test } from 'vitest'
import { names, newIsolate, pipeline } from '../../support/sdk.ts'

beforeEach(newIsolate)

describe('at the end of an invocation', () => {
  test('open spans end deepest first, then the root', async () => {
    const { exporter, telemetry, tracer } = pipeline()
    await withTelemetry(
      async () => {
        tracer.startActiveSpan('a', () => {
          tracer.startActiveSpan('a.b', () => {
            tracer.startActiveSpan('a.b.c', () => {})
          })
        })
        tracer.startActiveSpan('d', () => {})
      },
      { telemetry, name: 'root' },
    )()
    expect(names(exporter.spans)).toEqual(['a.b.c', 'a.b', 'd', 'a', 'root'])
  })

  test('a grandchild ends before its grandparent even when the parent between them has already ended', async () => {
    const { exporter, telemetry, tracer } = pipeline()
    await withTelemetry(
      async () => {
        const grandparent = tracer.startSpan('grandparent')
        const parent = tracer.startSpan('parent', {}, trace.setSpan(context.active(), grandparent))
        tracer.startSpan('child', {}, trace.setSpan(context.active(), parent))
        parent.end()
      },
      { telemetry, name: 'root' },
    )()
    expect(names(exporter.spans)).toEqual(['parent', 'child', 'grandparent', 'root'])
  })

  test('spans that were left open are marked as unfinished, and ended spans are not', async () => {
    const { exporter, telemetry, tracer } = pipeline()
    await withTelemetry(
      async () => {
        tracer.startSpan('ended').end()
        tracer.startSpan('left')
      },
      { telemetry, name: 'root' },
    )()
    const marks = exporter.spans.map(({ name, attributes }) => [name, attributes['flushed.unfinished']])
    expect(marks).toEqual([['ended', undefined], ['left', true], ['root', undefined]])
  })

  test('adopted things of another SDK end too, youngest first, and only once', async () => {
    const { exporter, telemetry } = pipeline()
    const ended: string[] = []
    await withTelemetry(
      async () => {
        using parent = span('parent')
        context.with(trace.setSpan(context.active(), parent), () => adopt('segment', (thing) => ended.push(thing)))
        adopt('other', (thing) => ended.push(thing))
      },
      { telemetry, name: 'root' },
    )()
    expect(ended).toEqual(['other', 'segment'])
    expect(names(exporter.spans)).toEqual(['parent', 'root'])
  })

  test('an adopted thing whose end throws does not keep other spans open, and is reported', async () => {
    const { exporter, telemetry, tracer } = pipeline()
    let report: FlushReport | undefined
    await withTelemetry(
      async () => {
        tracer.startSpan('child')
        adopt({}, () => {
          throw new Error('segment broken')
        })
      },
      { telemetry, name: 'root', onFlush: (r) => (report = r) },
    )()
    expect(names(exporter.spans)).toEqual(['child', 'root'])
    expect(report?.warnings.join()).toContain('segment broken')
  })
})

describe('the flush', () => {
  test('starts when every span of the invocation has ended, and makes one export', async () => {
    const { exporter, telemetry, tracer } = pipeline()
    await withTelemetry(async () => void tracer.startSpan('left'), { telemetry, name: 'root' })()
    expect(exporter.exports.map(({ spans }) => names(spans))).toEqual([['left', 'root']])
  })

  test('runs its stages in order, and the flushables of one stage concurrently', async () => {
    const events: string[] = []
    const step = (name: string) => async () => {
      events.push(`${name} starts`)
      await Promise.resolve()
      events.push(`${name} ends`)
    }
    await withTelemetry(async () => events.push('handler'), { telemetry: [[step('tracer'), step('metrics')], step('exporter')] })()
    expect(events).toEqual([
      'handler',
      'tracer starts',
      'metrics starts',
      'tracer ends',
      'metrics ends',
      'exporter starts',
      'exporter ends',
    ])
  })

  test('flushes an exporter’s own buffer after the exporter has been given the spans', async () => {
    const wire: string[] = []
    const held: { name: string }[] = []
    const { telemetry } = pipeline({
      exporter: {
        export: (spans, done) => void (held.push(...spans), done({ code: 0 })),
        forceFlush: async () => void wire.push(...names(held.splice(0))),
        shutdown: async () => {},
      },
    })
    await withTelemetry(async () => {}, { telemetry, name: 'root' })()
    expect(wire).toEqual(['root'])
  })

  test('waits for background work, and includes its spans', async () => {
    const { exporter, telemetry, tracer } = pipeline()
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const run = withTelemetry(
      async () => {
        waitUntil(gate.then(() => tracer.startSpan('background').end()))
        return 'result'
      },
      { telemetry, name: 'root' },
    )()
    open()
    expect(await run).toBe('result')
    expect(names(exporter.spans)).toEqual(['background', 'root'])
  })
})
