/** A pino transport, as those that send to a vendor are: lines are kept, and sent when it is flushed. Runs in a worker. */
import { Writable } from 'node:stream'

/** @param {{ url: string }} options */
export default function target({ url }) {
  let lines = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines += chunk
      done()
    },
  })
  return Object.assign(stream, {
    async flush() {
      const body = lines
      lines = ''
      if (body === '') return
      // A transport that threw here would take its thread along, and the process with it.
      await fetch(url, { method: 'POST', body }).catch(() => {})
    },
  })
}
