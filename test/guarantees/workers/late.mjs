// What goes on after a request, or an RPC call, is over: a socket of its own, a stream, a function that the caller was given.
import { WorkerEntrypoint } from 'cloudflare:workers'
import { context, trace } from '@opentelemetry/api'
import { currentInvocation } from 'flushed'
import { withTelemetry } from 'flushed/workers'
import { optionsFor } from './setup.mjs'

class Feed extends WorkerEntrypoint {
  ticks() {
    const invocation = currentInvocation()
    let left = 3
    return new ReadableStream({
      type: 'bytes',
      async pull(controller) {
        await scheduler.wait(20)
        invocation.span('tick').end()
        controller.enqueue(new Uint8Array([left]))
        if (--left === 0) controller.close()
      },
    })
  }

  counter() {
    const invocation = currentInvocation()
    return () => invocation.span('count').end()
  }
}

const TracedFeed = withTelemetry(Feed, optionsFor)
export { TracedFeed as Feed }

const socket = withTelemetry(async () => {
  const invocation = currentInvocation()
  const [client, server] = Object.values(new WebSocketPair())
  server.accept()
  server.addEventListener('message', ({ data }) => {
    invocation.span('message').end()
    server.send(`${data} heard`)
  })
  return new Response(null, { status: 101, webSocket: client })
}, optionsFor)

const listeners = withTelemetry(async (_request, env) => {
  const [client, server] = Object.values(new WebSocketPair())
  server.accept()
  server.addEventListener('message', context.bind(context.active(), () => {
    trace.getTracer('late').startSpan('bound').end()
    server.send('heard')
  }))
  server.addEventListener('message', withTelemetry(async function message() {
    trace.getTracer('late').startSpan('within').end()
  }, optionsFor(env)))
  return new Response(null, { status: 101, webSocket: client })
}, optionsFor)

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url)
    if (pathname === '/socket') return socket(request, env, ctx)
    if (pathname === '/listeners') return listeners(request, env, ctx)
    if (pathname === '/ticks') return new Response(await new Response(await env.FEED.ticks()).text())
    const count = await env.FEED.counter()
    await scheduler.wait(50)
    await count()
    return new Response('counted')
  },
}
