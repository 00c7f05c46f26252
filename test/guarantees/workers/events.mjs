// A Worker that handles every kind of event other than requests, and logs what it has seen.
import { currentInvocation, span } from 'flushed'
import { withTelemetry } from 'flushed/workers'
import { optionsFor } from './setup.mjs'

const seen = (what) => console.log(`SEEN ${JSON.stringify(what)}`)

export default withTelemetry(
  {
    async fetch() {
      return new Response('hello')
    },

    async queue(batch) {
      span('consume').end()
      seen(batch.messages.map(({ body, attempts }) => [body.order, attempts]))
      for (const message of batch.messages) {
        if (message.body.order === 'retry' && message.attempts === 1) message.retry()
        if (message.body.order === 'throw' && message.attempts === 1) throw new Error('the batch is bad')
      }
    },

    async scheduled(controller) {
      seen([controller.cron, controller.scheduledTime])
      if (controller.cron === 'bad') throw new Error('no such cron')
      if (controller.cron === 'once') controller.noRetry()
    },

    async email(message) {
      seen([message.from, message.to])
      if (message.to.startsWith('nobody')) await message.setReject('unknown address')
    },

    async tail(events) {
      seen(events.map(({ logs }) => logs.map(({ message }) => message)))
      currentInvocation().root.setAttribute('app.events', events.length)
    },

    tailStream({ event }) {
      seen(event.type)
      return {
        log({ event }) {
          seen(event.message)
        },
        async outcome({ event }) {
          using _ = span('outcome')
          await scheduler.wait(20)
          seen(event.outcome)
        },
      }
    },

    async connect(socket) {
      const writer = socket.writable.getWriter()
      await writer.write(new TextEncoder().encode('hello'))
      await socket.close()
    },
  },
  optionsFor,
)
