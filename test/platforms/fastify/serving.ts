/** Applications of Fastify 5 on servers in this process. */
import type { FastifyInstance } from 'fastify'
import { telemetry } from 'flushed/fastify'
import { onTestFinished } from 'vitest'
import type { ask } from '../../support/raw.ts'
import { rootFrom, setup } from '../../server/support.ts'
import { type Made, application } from './application.ts'

export const { default: fastify } = await import('fastify')

export async function listening(app: FastifyInstance) {
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => app.close())
  const { port } = app.server.address() as { port: number }
  return (path: string) => new URL(path, `http://127.0.0.1:${port}`)
}

/** An application with the plugin, on a server. */
export async function start(add: (app: FastifyInstance, made: Made) => unknown = application, more: Parameters<typeof telemetry>[1] = {}) {
  const made = setup()
  const app = fastify({ forceCloseConnections: true })
  await app.register(telemetry, { ...made.options, ...more })
  await add(app, made)
  return { ...made, app, at: await listening(app) }
}

/** Sends one request to an application. @returns the answer and the root span */
export const rootOf = async (path: string, add?: Parameters<typeof start>[0], options?: Parameters<typeof ask>[1]) => rootFrom(await start(add), path, options)
