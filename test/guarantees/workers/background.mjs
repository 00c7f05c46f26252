import { currentInvocation } from 'flushed'
import { withTelemetry } from 'flushed/workers'
import { optionsFor } from './setup.mjs'

/** What is handed to `ctx.waitUntil`, by path. The response never waits for any of it. */
const WORK = {
  async '/late'(invocation) {
    const audit = invocation.span('audit')
    await scheduler.wait(200)
    audit.end()
  },
  async '/never'(invocation) {
    invocation.span('audit')
    await scheduler.wait(50)
  },
  async '/nested'(invocation, ctx) {
    await scheduler.wait(50)
    ctx.waitUntil(
      (async () => {
        await scheduler.wait(100)
        invocation.span('nested').end()
      })(),
    )
    invocation.span('audit').end()
  },
  async '/forgotten'(invocation) {
    const audit = invocation.span('audit')
    await scheduler.wait(100)
    audit.end()
  },
  async '/rejects'(invocation) {
    invocation.span('audit').end()
    await scheduler.wait(50)
    throw new RangeError('the audit failed')
  },
  async '/outlives'(invocation, _ctx, env) {
    const audit = invocation.span('audit')
    await scheduler.wait(env.WORK_MS)
    audit.end()
  },
}

const handler = {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url)
    const invocation = currentInvocation()
    const order = invocation.span('order')
    if (pathname === '/forgotten') await scheduler.wait(1)
    else order.end()
    ctx.waitUntil(WORK[pathname](invocation, ctx, env))
    if (searchParams.has('throw')) throw new RangeError('out of range')
    return new Response('hello')
  },
}

export default withTelemetry(handler, optionsFor)
