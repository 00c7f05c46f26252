/** A pino transport like those that send to a vendor: it keeps lines, and sends them when flushed. It runs in a worker thread. */
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
      // A transport that threw here would end its thread, and with it the process.
      await fetch(url, { method: 'POST', body }).catch(() => {})
    },
  })
}
