import { openInvocation } from 'flushed'
import { optionsFor } from './setup.mjs'

let options

/** A Worker without a wrap: a scope in its handler is the invocation. */
export default {
  async fetch(request, env) {
    options ??= optionsFor(env)
    {
      await using poll = openInvocation({ ...options, name: 'poll' })
      using receive = poll.span('receive')
      await scheduler.wait(1)
      receive.setAttribute('app.live', poll.live)
      poll.span('left open')
    }
    return new Response(request.url)
  },
}
