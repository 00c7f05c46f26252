/** The runtimes that the sandbox's tests run on. */
import { fileURLToPath } from 'node:url'
import { defaultRuntime } from 'flushed/testing'
import type { RuntimeCommand } from 'flushed/testing'
import { ensureRuntimeClient } from '../support/runtime-client.mjs'

const client = await ensureRuntimeClient()
const builtin = { title: 'the built-in runtime loop', runtime: defaultRuntime() as RuntimeCommand, real: false }

/** The real client, if it can be had, and the loop that stands in for it. */
export const runtimes = client.real ? [{ title: client.version, runtime: client as RuntimeCommand, real: true }, builtin] : [builtin]

/** The handler `name` of a fixture. */
export const fixture = (file: string, name: string): string =>
  fileURLToPath(new URL(`./fixtures/${file}.${name}`, import.meta.url))
