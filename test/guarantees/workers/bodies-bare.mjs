// A Worker without telemetry that answers with every kind of body there is. The path says which.
const bytes = new TextEncoder()
const chunk = (index) => bytes.encode(`chunk ${index}\n`)
const query = (request, name, otherwise) => Number(new URL(request.url).searchParams.get(name) ?? otherwise)

/** Writes as many chunks as the request asks for, at the interval it asks for, and logs each. */
async function produce(writable, request) {
  const writer = writable.getWriter()
  for (let index = 0; index < query(request, 'chunks', 3); index++) {
    await writer.write(chunk(index))
    console.log(`WROTE ${index}`)
    await scheduler.wait(query(request, 'everyMs', 20))
  }
  await writer.close()
}

function passed(stream, request, init) {
  void produce(stream.writable, request).catch(() => {})
  return new Response(stream.readable, init)
}

/** Chunks on demand, made by JavaScript. */
function pulled(request, { type, last = (controller) => controller.close(), everyMs = query(request, 'everyMs', 20) } = {}) {
  let index = 0
  return new ReadableStream({
    type,
    async pull(controller) {
      if (index === query(request, 'chunks', 3)) return last(controller)
      if (everyMs) await scheduler.wait(everyMs)
      controller.enqueue(chunk(index++))
    },
    cancel: () => console.log('PRODUCER CANCELLED'),
  })
}

/** Fails, but not right after a chunk: then the runtime might or might not still send that chunk. */
async function fails(controller) {
  await scheduler.wait(20)
  controller.error(new RangeError('out of chunks'))
}
const length = (request) => Array.from({ length: query(request, 'chunks', 3) }, (_, index) => chunk(index).length).reduce((a, b) => a + b, 0)
const plain = { headers: { 'content-type': 'text/plain' } }
const origin = (env, path, init) => fetch(`${env.ORIGIN}${path}`, init)
const html = () => new Response('<p>hello <b>there</b></p>', { headers: { 'content-type': 'text/html' } })
const rewriter = () => new HTMLRewriter().on('b', { element: (element) => element.setInnerContent('world') })

async function cached(key) {
  const url = `http://cache.test/${key}`
  await caches.default.put(url, new Response('kept', { headers: { 'cache-control': 'max-age=60', etag: '"1"' } }))
  return caches.default.match(url)
}

export const routes = {
  text: () => new Response('hello'),
  empty: () => new Response(''),
  none: () => new Response(null),
  json: () => Response.json({ hello: ['world'] }),
  bytes: () => new Response(chunk(1)),
  blob: () => new Response(new Blob(['hello'], { type: 'text/x-blob' })),
  form: () => new Response(new URLSearchParams({ a: '1' })),
  large: () => new Response('x'.repeat(3 << 20)),
  events: () => new Response('data: 1\n\n', { headers: { 'content-type': 'text/event-stream' } }),
  status: () => new Response('teapot', { status: 418, statusText: 'Quite A Teapot' }),
  unavailable: () => new Response('later', { status: 503, headers: { 'retry-after': '3' } }),
  cookies: () => new Response('two', { headers: [['set-cookie', 'a=1; Path=/'], ['set-cookie', 'b=2, c'], ['x-odd', 'Ä']] }),
  'no-content': () => new Response(null, { status: 204 }),
  'reset-content': () => new Response(null, { status: 205 }),
  'not-modified': () => new Response(null, { status: 304, headers: { etag: '"1"' } }),
  redirect: () => Response.redirect('http://elsewhere.test/', 307),
  error: () => Response.error(),
  thrown: () => {
    throw new RangeError('thrown')
  },
  nothing: () => undefined,
  async used() {
    const response = new Response('used')
    await response.text()
    return response
  },
  locked() {
    const response = new Response('locked')
    response.body.getReader()
    return response
  },
  async cloned() {
    const response = new Response('cloned')
    await response.clone().text()
    return response
  },
  clone: () => new Response('clone').clone(),
  cached: () => cached('plain'),
  rewritten: () => rewriter().transform(html()),
  fixed: (request) => passed(new FixedLengthStream(length(request)), request, plain),
  short: (request) => passed(new FixedLengthStream(length(request) + 1), request),
  identity: (request) => passed(new IdentityTransformStream(), request, plain),
  transform: (request) => passed(new TransformStream(), request),
  sse: (request) => passed(new IdentityTransformStream(), request, { headers: { 'content-type': 'text/event-stream' } }),
  js: (request) => new Response(pulled(request), plain),
  'js-unencoded': (request) => new Response(pulled(request), { headers: { ...plain.headers, 'content-encoding': 'none' } }),
  'js-at-once': (request) => new Response(pulled(request, { everyMs: 0 })),
  'js-bytes': (request) => new Response(pulled(request, { type: 'bytes' })),
  'js-bytes-events': (request) => new Response(pulled(request, { type: 'bytes' }), { headers: { 'content-type': 'text/event-stream' } }),
  'js-claimed': (request) => new Response(pulled(request), { headers: { 'content-length': '24' } }),
  'js-strings': () => new Response(new ReadableStream({ pull: (controller) => (controller.enqueue('no bytes'), controller.close()) })),
  'js-error': (request) => new Response(pulled(request, { last: fails })),
  'js-error-first': () => new Response(new ReadableStream({ start: fails })),
  encoded: () => new Response('x'.repeat(1000), { headers: { 'content-encoding': 'gzip' } }),
  manual: async (_request, env) => {
    const { body } = await origin(env, '/raw-gzip')
    return new Response(body, { encodeBody: 'manual', headers: { 'content-encoding': 'gzip' } })
  },
  websocket() {
    const [client, server] = Object.values(new WebSocketPair())
    server.accept()
    server.addEventListener('message', ({ data }) => {
      server.send(`echo ${data}`)
      server.close(1000, 'bye')
    })
    return new Response(null, { status: 101, webSocket: client })
  },
  /** 50 MiB, in pieces of 64 KiB, as fast as they are taken. Logs how many were written. */
  flood() {
    const { readable, writable } = new IdentityTransformStream()
    const piece = new Uint8Array(1 << 16)
    const flood = async () => {
      const writer = writable.getWriter()
      for (let index = 1; index <= 800; index++) {
        await writer.write(piece)
        console.log(`PRODUCED ${index}`)
      }
      await writer.close()
    }
    void flood().catch(() => {})
    return new Response(readable)
  },
  'flood-bytes'() {
    let index = 0
    return new Response(
      new ReadableStream({
        type: 'bytes',
        async pull(controller) {
          if (index === 800) return controller.close()
          controller.enqueue(new Uint8Array(1 << 16))
          console.log(`PRODUCED ${++index}`)
          await scheduler.wait(0)
        },
      }),
    )
  },
  async idle() {
    const { readable, writable } = new TransformStream()
    void writable.getWriter().write(chunk(0))
    return new Response(readable)
  },
}

/** Responses from elsewhere, passed on as they are or in a new response. */
for (const path of ['chunked', 'endless', 'large', 'known', 'gzip', 'range', 'found', 'slow', 'broken', 'html']) {
  const init = { redirect: 'manual', headers: { range: 'bytes=1-4' } }
  routes[`from-${path}`] = (_request, env) => origin(env, `/${path}`, init)
  routes[`again-${path}`] = async (_request, env) => {
    const response = await origin(env, `/${path}`, init)
    return new Response(response.body, response)
  }
}
routes['rewritten-html'] = async (_request, env) => rewriter().transform(await origin(env, '/html'))
/** In a response of one's own: only the content type tells one from the other. */
for (const [name, type] of [['events', 'text/event-stream'], ['lines', 'application/x-ndjson']]) {
  routes[`${name}-endless`] = async (_request, env) => new Response((await origin(env, '/endless')).body, { headers: { 'content-type': type } })
}
/** The request itself, sent on. */
for (const path of ['chunked', 'known', 'slow']) routes[`with-${path}`] = (request, env) => fetch(new Request(`${env.ORIGIN}/${path}`, request))
for (const path of ['text', 'fixed', 'identity', 'js', 'cookies', 'no-content', 'js-error', 'events-endless']) {
  routes[`bound-${path}`] = (request, env) => env.BEHIND.fetch(new URL(`/${path}`, request.url))
}

export default {
  fetch: (request, env) => routes[new URL(request.url).pathname.slice(1)](request, env),
}
