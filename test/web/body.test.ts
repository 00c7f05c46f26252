/** How response bodies are followed to their end, as far as Node can show it. On Workers: test/platforms/workers/streams.test.ts. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type BodyEnd, follow } from '../../src/web/body.ts'

afterEach(() => vi.unstubAllGlobals())

function follower() {
  const ends: [how: BodyEnd, error?: unknown][] = []
  const ended = (how: BodyEnd, error?: unknown) => void ends.push(error === undefined ? [how] : [how, error])
  return { ends, idleMs: 1000, touched() {}, within: <T>(run: () => T) => run(), ended }
}

const chunks = (...texts: string[]) =>
  new ReadableStream({
    pull(controller) {
      const text = texts.shift()
      if (text === undefined) controller.close()
      else controller.enqueue(new TextEncoder().encode(text))
    },
  })

describe('a body that JavaScript streams', () => {
  test('is passed on with its status and headers, and ends when it has been read', async () => {
    const following = follower()
    const response = (await follow(new Response(chunks('a', 'b'), { status: 201, headers: { 'x-a': '1' } }), 'GET', following)) as Response
    expect([response.status, response.headers.get('x-a'), following.ends]).toEqual([201, '1', []])
    expect(await response.text()).toBe('ab')
    expect(following.ends).toEqual([['finished']])
  })

  test.each(['none', 'identity', 'Identity'])('is followed if its `content-encoding` encodes nothing: %s', async (encoding) => {
    const following = follower()
    const response = (await follow(new Response(chunks('a', 'b'), { headers: { 'content-encoding': encoding } }), 'GET', following)) as Response
    expect([response.headers.get('content-encoding'), following.ends]).toEqual([encoding, []])
    expect(await response.text()).toBe('ab')
    expect(following.ends).toEqual([['finished']])
  })

  test('stays in a response of the same class, if the class is constructed as Response is', async () => {
    class Branded extends Response {
      readonly #brand = 'ours'
      get brand() {
        return this.#brand
      }
    }
    const response = (await follow(new Branded(chunks('a'), { status: 201 }), 'GET', follower())) as Branded
    expect([response.brand, response.status, await response.text()]).toEqual(['ours', 201, 'a'])
  })

  test('goes with its status and headers if the class of its response copies what it is constructed with, as that of srvx does', async () => {
    class Copying extends Response {
      constructor(body: BodyInit, init?: ResponseInit) {
        super(body, { ...init })
      }
    }
    for (const status of [200, 503]) {
      const init = { status, statusText: 'Busy', headers: { 'x-shop': 'one' } }
      const response = (await follow(new Copying(chunks('a'), init), 'GET', follower())) as Response
      expect(response).toBeInstanceOf(Copying)
      expect([response.status, response.statusText, response.headers.get('x-shop')]).toEqual([status, 'Busy', 'one'])
    }
  })

  test('goes with what the class of its response takes from a response that it is constructed with', async () => {
    class Tagged extends Response {
      readonly #tag: string | undefined
      constructor(body: BodyInit, init?: ResponseInit & { readonly tag?: string | undefined }) {
        super(body, init)
        this.#tag = init?.tag
      }
      get tag() {
        return this.#tag
      }
    }
    const response = (await follow(new Tagged(chunks('a'), { tag: 'ours' }), 'GET', follower())) as Tagged
    expect([response.tag, await response.text()]).toEqual(['ours', 'a'])
  })

  test('arrives if a property of its response throws when it is read', async () => {
    class Guarded extends Response {}
    const guarded = Object.defineProperty(new Guarded(chunks('a'), { status: 201 }), 'user', {
      enumerable: true,
      get() {
        throw new Error('not signed in')
      },
    })
    const response = (await follow(guarded, 'GET', follower())) as Response
    expect([response.status, await response.text()]).toEqual([201, 'a'])
  })

  test('is passed on if the class of its response is constructed in another way', async () => {
    class Json extends Response {
      constructor(value: unknown) {
        super(JSON.stringify(value))
      }
    }
    const json = Object.setPrototypeOf(new Response(chunks('a')), Json.prototype) as Response
    expect(await ((await follow(json, 'GET', follower())) as Response).text()).toBe('a')
  })

  test('arrives if the class of its response transforms the body that it is constructed with', async () => {
    class Encoded extends Response {
      constructor(text: ReadableStream, init?: ResponseInit) {
        super(text.pipeThrough(new TextEncoderStream()), init)
      }
    }
    const text = new ReadableStream({
      start(controller) {
        controller.enqueue('a')
        controller.close()
      },
    })
    expect(await ((await follow(new Encoded(text), 'GET', follower())) as Response).text()).toBe('a')
  })

  test.each([999, 600])('arrives with a status that only a backend may answer with, and `new Response()` refuses: %d', async (status) => {
    const server = createServer((_request, response) => void response.writeHead(status).write('a', () => response.end('b'))).listen(0)
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const following = follower()
    const response = (await follow(answer, 'GET', following)) as Response
    expect([response.status, await response.text(), following.ends]).toEqual([status, 'ab', [['finished']]])
  })

  test('is not read before somebody asks for it', async () => {
    const pull = vi.fn()
    await follow(new Response(new ReadableStream({ pull }, { highWaterMark: 0 })), 'GET', follower())
    await new Promise(setImmediate)
    expect(pull).not.toHaveBeenCalled()
  })

  test('fails with the error of its producer', async () => {
    const following = follower()
    const broken = new RangeError('the producer broke')
    const response = (await follow(new Response(new ReadableStream({ pull: () => Promise.reject(broken) })), 'GET', following)) as Response
    await expect(response.text()).rejects.toBe(broken)
    expect(following.ends).toEqual([['failed', broken]])
  })

  test('is cancelled when its reader cancels it', async () => {
    const following = follower()
    const cancel = vi.fn()
    const response = (await follow(new Response(new ReadableStream({ cancel })), 'GET', following)) as Response
    await response.body?.cancel('enough')
    expect(cancel).toHaveBeenCalledExactlyOnceWith('enough')
    expect(following.ends).toEqual([['cancelled']])
  })

  test('may have an idle limit longer than a timer can run, and is not checked every millisecond then', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const looking = vi.spyOn(globalThis, 'setTimeout')
    const following = { ...follower(), idleMs: 3e9 }
    await follow(new Response(new ReadableStream()), 'GET', following)
    await vi.advanceTimersByTimeAsync(1000)
    expect([looking.mock.calls.length, following.ends]).toEqual([1, []])
  })

  test('stays readable where no stream can be constructed', async () => {
    const response = new Response(chunks('a'))
    vi.stubGlobal('ReadableStream', class {
      constructor() {
        throw new TypeError('To use the new ReadableStream() constructor, enable the streams_enable_constructors compatibility flag')
      }
    })
    await expect(follow(response, 'GET', follower())).rejects.toThrow('streams_enable_constructors')
    expect(await response.text()).toBe('a')
  })
})

test.each([
  ['a value that is no response', 'text', 'GET'],
  ['a response without a body', new Response(null, { status: 204 }), 'GET'],
  ['a response to HEAD', new Response(chunks('a')), 'HEAD'],
  ['an encoded body', new Response(chunks('a'), { headers: { 'content-encoding': 'gzip' } }), 'GET'],
  ['a body with a length, where nothing keeps the runtime alive', new Response('a'), 'GET'],
])('%s is returned as it is, and counts as ended at once', async (_what, response, method) => {
  const following = follower()
  expect(await follow(response, method, following)).toBe(response)
  expect(following.ends).toEqual([['finished']])
})
