/** Counts what this process holds at the moment: its listeners, and the timers and sockets not yet released. */
import { createHook } from 'node:async_hooks'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
const own = fileURLToPath(import.meta.url)

/** @type {Map<number, { type: string, by: string }>} */
const made = new Map()

// Includes resources that do not keep the process alive, which `process.getActiveResourcesInfo` leaves out.
createHook({
  init(id, type) {
    if (/^(Timeout|Immediate|TCPWRAP|TCPSERVERWRAP|MESSAGEPORT|WORKER)$/.test(type)) made.set(id, { type, by: maker() })
  },
  destroy: (id) => void made.delete(id),
}).enable()

/** The line of code that asked for a resource, beneath the frames of Node itself. */
function maker() {
  const lines = (new Error().stack ?? '').split('\n').slice(1)
  return lines.find((line) => !line.includes('node:') && !line.includes(own) && line.includes('/'))?.trim() ?? ''
}

/** The number of listeners that the process has for each event. */
export const listeners = () => Object.fromEntries(process.eventNames().map((name) => [name, process.listenerCount(name)]))

/** Where the package has set timers that have neither been cleared nor fired. */
export const timers = () =>
  [...made.values()].filter(({ type, by }) => (type === 'Timeout' || type === 'Immediate') && by.includes(dist)).map(({ by }) => by)

/** The kinds of all other resources, whichever code made them. */
export const sockets = () => [...made.values()].filter(({ type }) => /TCP|PORT|WORKER/.test(type)).map(({ type }) => type)
