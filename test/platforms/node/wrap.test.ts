/** What `withTelemetry` of `flushed/node` does with a listener of Node's own `http`: on real sockets, in this process. */
import { createServer, request as send } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { SpanStatusCode, trace } from '@opentelemetry/api'
import { wrapInfo } from 'flushed'
import { withTelemetry } from 'flushed/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fetched, listen, setup } from '../../server/support.ts'
import { json, serving } from './support.ts'

describe('the error of a listener', () => {
  test('is thrown by the wrapped listener too, and recorded', async () => {
    const { options, spans } = setup()
    let thrown: unknown
    const wrapped = withTelemetry(() => {
      throw new RangeError('boom')
    }, options)
    const port = await listen(createServer((request, response) => {
      try {
        wrapped.call(undefined, ...([request, response] as unknown as []))
      } catch (error) {
        thrown = error
        response.writeHead(500).end()
      }
    }))
    await fetched(port, '/')
    expect(thrown).toEqual(new RangeError('boom'))
    const [root] = await spans(1)
    expect([root?.status, root?.attributes['error.type'], root?.events[0]?.name]).toEqual([
      { code: SpanStatusCode.ERROR, message: 'boom' }, 'RangeError', 'exception',
    ])
  })

  test('is one rejection if the listener rejects: that of the promise which the wrapped listener returns', async () => {
    const { options } = setup()
    const unhandled: unknown[] = []
    const take = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', take)
    onTestFinished(() => void process.off('unhandledRejection', take))
    const server = createServer({ captureRejections: false } as object, withTelemetry(async () => Promise.reject(new Error('boom')), options))
    const port = await listen(server)
    const request = send({ host: '127.0.0.1', port }).on('error', () => {})
    request.end()
    while (unhandled.length === 0) await turn()
    await turn()
    request.destroy()
    expect(unhandled).toEqual([new Error('boom')])
  })
})

describe('a wrapped listener', () => {
  test('has the name, length and properties of the original, which `wrapInfo()` returns', () => {
    const listener = Object.assign(function orders(_request: unknown, _response: unknown) {}, { version: 1 })
    const wrapped = withTelemetry(listener)
    expect([wrapped.name, wrapped.length, wrapped.version]).toEqual(['orders', 2, 1])
    expect(wrapInfo(wrapped)).toEqual({ platform: 'node', original: listener })
  })

  test.each([
    [{ drainMs: 0 }, '`drainMs` must be a positive number of milliseconds, got 0'],
    [{ drainms: 5 }, 'unknown option `drainms`'],
    [{ flush: 'before-response' }, "`flush` must be 'auto' or 'after-response' on a server, got \"before-response\""],
    [{ timeoutMs: -1 }, '`timeoutMs` must be'],
  ])('throws a TypeError when it is created with %j', (options, message) => {
    expect(() => withTelemetry(() => {}, options as never)).toThrow(message)
    expect(() => withTelemetry(() => {}, options as never)).toThrow(TypeError)
  })

  test('throws when it is created from a value that is not a function', () => {
    expect(() => withTelemetry({} as never)).toThrow('`listener` must be a function, got {}')
  })

  test('calls the original without telemetry for a request that it cannot describe', async () => {
    const { port, exporter } = await serving(json, { logger: false, attributes: () => ({}) })
    const { options } = setup()
    const listener = withTelemetry(json, { ...options, logger: false })
    const ended: string[] = []
    listener({} as never, { end: (body: string) => ended.push(body) } as never)
    expect([ended, port > 0, exporter.spans]).toEqual([['{}'], true, []])
    expect(trace.getActiveSpan()).toBeUndefined()
  })
})
