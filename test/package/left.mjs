/** What a process has at the moment: listeners of its own, and what the built package has made and not given up. */
import { createHook } from 'node:async_hooks'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
const own = fileURLToPath(import.meta.url)

/** @type {Map<number, { type: string, by: string }>} */
const made = new Map()

// Those too that do not keep the process alive, which `process.getActiveResourcesInfo` leaves out.
createHook({
  init(id, type) {
    if (/^(Timeout|Immediate|TCPWRAP|TCPSERVERWRAP|MESSAGEPORT|WORKER)$/.test(type)) made.set(id, { type, by: maker() })
  },
  destroy: (id) => void made.delete(id),
}).enable()

/** Who asked for it, whatever Node did to make it. */
function maker() {
  const lines = (new Error().stack ?? '').split('\n').slice(1)
  return lines.find((line) => !line.includes('node:') && !line.includes(own) && line.includes('/'))?.trim() ?? ''
}

/** How many listeners the process has, by event. */
export const listeners = () => Object.fromEntries(process.eventNames().map((name) => [name, process.listenerCount(name)]))

/** Where the package has set timers that are neither cleared nor over. */
export const timers = () =>
  [...made.values()].filter(({ type, by }) => (type === 'Timeout' || type === 'Immediate') && by.includes(dist)).map(({ by }) => by)

/** Whatever else holds on to the system, whoever has made it. */
export const sockets = () => [...made.values()].filter(({ type }) => /TCP|PORT|WORKER/.test(type)).map(({ type }) => type)
