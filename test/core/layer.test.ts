/** Layers, and wraps around wraps. */
import { identity, layer, stack, telemetry, withTelemetry, wrapInfo } from 'flushed'
import type { FlushReport, Layer } from 'flushed'
import { beforeEach, describe, expect, test } from 'vitest'
import { dressed } from '../../src/core/layer.ts'
import { newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

describe('layers', () => {
  const note = (log: string[], name: string): Layer =>
    layer((next, args) => {
      log.push(`${name} in`)
      const result = next(...args)
      log.push(`${name} out`)
      return result
    })

  test('`stack` puts the first outermost', () => {
    const log: string[] = []
    const handler = stack(note(log, 'a'), note(log, 'b'))((x: number) => x + 1)
    expect(handler(1)).toBe(2)
    expect(log).toEqual(['a in', 'b in', 'b out', 'a out'])
  })

  test('a reversed stack runs in the reverse order', () => {
    const log: string[] = []
    stack(note(log, 'b'), note(log, 'a'))(() => {})()
    expect(log).toEqual(['b in', 'a in', 'a out', 'b out'])
  })

  test('`identity` and an empty stack change nothing', () => {
    const handler = () => {}
    expect(identity(handler)).toBe(handler)
    expect(stack()(handler)).toBe(handler)
  })

  test('a function in sloppy mode, as in CommonJS bundles, can be wrapped and keeps its name and properties', () => {
    const sloppy = new Function('return function order() {}') as () => () => void
    const [wrapper, original] = [sloppy(), Object.assign(sloppy(), { key: 'value' })]
    // Node 26 has them on the prototype.
    if (parseInt(process.versions.node) < 26) expect(Object.getOwnPropertyNames(original)).toContain('arguments')
    for (const each of [dressed(wrapper, original), withTelemetry(original, { telemetry: pipeline().telemetry })]) {
      expect(each.name).toBe('order')
      expect(each).toHaveProperty('key', 'value')
    }
  })

  test('an asynchronous function stays one for those who ask its prototype, as the `async` package does', () => {
    const tag = (value: unknown) => Object.prototype.toString.call(value)
    const options = { telemetry: pipeline().telemetry }
    expect(tag(withTelemetry(async () => {}, options))).toBe('[object AsyncFunction]')
    expect(tag(withTelemetry(() => {}, options))).toBe('[object Function]')
  })

  test('a custom layer keeps name, length and properties, and the mark of the wrap inside it', () => {
    const log: string[] = []
    const named = Object.assign(async function charge(this: { tax: number }, amount: number) {
      return amount + this.tax
    }, { version: 2 })
    const wrapped = stack(note(log, 'outer'), telemetry())(named)
    expect([wrapped.name, wrapped.length, wrapped.version]).toEqual(['charge', 1, 2])
    expect(wrapInfo(wrapped)?.original).toBe(named)
    expect(wrapInfo(named)).toBeUndefined()
  })

  test('a custom layer passes `this` on to the handler', async () => {
    const charge = stack(note([], 'outer'), telemetry())(async function (this: { tax: number }, amount: number) {
      return amount + this.tax
    })
    expect(await charge.call({ tax: 7 }, 100)).toBe(107)
  })
})

describe('a wrap in a stack, first or last', () => {
  const handled = () => {
    const { exporter, telemetry: pipe } = pipeline()
    const log: string[] = []
    const flushing = telemetry({ telemetry: pipe, onFlush: () => log.push('flush') })
    return { exporter, log, flushing }
  }
  const timed = (log: string[]): Layer =>
    layer(async (next, args) => {
      try {
        return await next(...args)
      } finally {
        log.push('timed')
      }
    })
  const retried: Layer = layer(async (next, args) => {
    try {
      return await next(...args)
    } catch {
      return next(...args)
    }
  })
  const order = () => {
    let attempts = 0
    return async () => {
      if (++attempts === 1) throw new RangeError('out of stock')
      return attempts
    }
  }

  test('a timing layer inside the wrap times the handler; one outside times the flush too', async () => {
    const below = handled()
    await stack(below.flushing, timed(below.log))(async () => {})()
    expect(below.log).toEqual(['timed', 'flush'])
    const above = handled()
    await stack(timed(above.log), above.flushing)(async () => {})()
    expect(above.log).toEqual(['flush', 'timed'])
  })

  test('a retrying layer inside the wrap retries within one invocation; one outside makes each attempt its own', async () => {
    const below = handled()
    expect(await stack(below.flushing, retried)(order())()).toBe(2)
    expect(below.exporter.exports).toHaveLength(1)
    expect(below.exporter.spans.map(({ status }) => status.message)).toEqual([undefined])
    const above = handled()
    expect(await stack(retried, above.flushing)(order())()).toBe(2)
    expect(above.exporter.exports).toHaveLength(2)
    expect(above.exporter.spans.map(({ status }) => status.message)).toEqual(['out of stock', undefined])
  })
})

describe('a wrap around a wrap', () => {
  test('is harmless: the inner one is a child span, and only the outermost flushes', async () => {
    const { exporter, telemetry: pipe } = pipeline()
    const reports: FlushReport[] = []
    const options = { telemetry: pipe, onFlush: (report: FlushReport) => reports.push(report) }
    const inner = withTelemetry(async (x: number) => x * 2, { ...options, name: 'inner' })
    const outer = withTelemetry(inner, { ...options, name: 'outer' })
    expect(await outer(21)).toBe(42)
    expect(reports).toHaveLength(1)
    expect(exporter.exports).toHaveLength(1)
    const [child, root] = exporter.spans
    expect([child?.name, root?.name]).toEqual(['inner', 'outer'])
    expect(child?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId)
  })

  test('puts the attributes of each on its own span', async () => {
    const { exporter, telemetry: pipe } = pipeline()
    const options = { telemetry: pipe, logger: false as const }
    const inner = withTelemetry(async (_x: number) => {}, { ...options, attributes: (x: number) => ({ x }) })
    await withTelemetry(() => inner(7), { ...options, attributes: { y: 1 } })()
    expect(exporter.spans.map(({ attributes }) => [attributes.x, attributes.y])).toEqual([[7, undefined], [undefined, 1]])
  })

  test('records the inner one’s error on both spans, and passes it on', async () => {
    const { exporter, telemetry: pipe } = pipeline()
    const boom = new Error('boom')
    const inner = withTelemetry(() => Promise.reject(boom), { telemetry: pipe, name: 'inner' })
    await expect(withTelemetry(inner, { telemetry: pipe, name: 'outer' })()).rejects.toBe(boom)
    expect(exporter.spans.map(({ name, status }) => [name, status.message])).toEqual([['inner', 'boom'], ['outer', 'boom']])
  })

  test('makes no difference afterwards: the inner one, called again, is an invocation of its own', async () => {
    const { exporter, telemetry: pipe } = pipeline()
    const inner = withTelemetry(async () => {}, { telemetry: pipe, name: 'inner' })
    await withTelemetry(inner, { telemetry: pipe, name: 'outer' })()
    await inner()
    expect(exporter.exports.map(({ spans }) => spans.map(({ name }) => name))).toEqual([['inner', 'outer'], ['inner']])
  })
})
