/** The runtimes that the sandbox's tests run on. */
import { fileURLToPath } from 'node:url'
import { defaultRuntime } from 'flushed/testing'
import type { RuntimeCommand } from 'flushed/testing'
import { ensureRuntimeClients } from '../support/runtime-client.mjs'

const clients = await ensureRuntimeClients()
const builtin = { title: 'the built-in runtime loop', runtime: defaultRuntime() as RuntimeCommand, real: false }

const [newest, ...older] = clients
  .filter(({ real }) => real)
  .map((client) => ({ title: client.version, runtime: client as RuntimeCommand, real: true }))

/** The newest real client, if there is one, and the loop that stands in for it. */
export const runtimes = newest ? [newest, builtin] : [builtin]

/** The real clients of Lambda's older runtimes, if there are any. */
export const olderRuntimes = older

/** The handler `name` of a fixture. */
export const fixture = (file: string, name: string): string =>
  fileURLToPath(new URL(`./fixtures/${file}.${name}`, import.meta.url))
