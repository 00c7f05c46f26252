// A class whose methods have the names of events, and calls of these methods.
import { WorkerEntrypoint } from 'cloudflare:workers'
import { span } from 'flushed'

export class Jobs extends WorkerEntrypoint {
  queue(job) {
    span('store').end()
    return job.id ?? 'no id'
  }

  email(to, text) {
    return `${text} to ${to}`
  }

  scheduled(when) {
    return when
  }

  trace(id) {
    return id
  }

  tail(lines) {
    return lines
  }

  tailStream(name) {
    return { name }
  }
}

export const jobs = {
  jobs: async ({ JOBS }) => [
    await JOBS.queue({ id: 7 }),
    await JOBS.email('ann', 'hello'),
    await JOBS.scheduled('tomorrow'),
    await JOBS.trace('0af7'),
    await JOBS.tail(3),
    await JOBS.tailStream('main'),
  ],
  stub: ({ JOBS }) => JOBS.email(() => 'ann', 'hello').then((text) => text.slice(0, 5)),
}
