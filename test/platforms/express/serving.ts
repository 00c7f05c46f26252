/** Applications of Express 5 and 4 on servers in this process. */
import { createServer } from 'node:http'
import type { Express } from 'express'
import { type ExpressOptions, telemetry } from 'flushed/express'
import type { ask } from '../../support/raw.ts'
import { listen, rootFrom, setup } from '../../server/support.ts'
import { type Framework, type Made, application } from './application.ts'

const { default: express5 } = await import('express')
const { default: express4 } = await import('express4')

export const VERSIONS: [string, Framework][] = [['5', express5], ['4', express4]]

/** Functions that start applications of one of the versions. */
export function serving(express: Framework) {
  /** An application with the middleware, on a server. */
  async function start(add: (app: Express, made: Made) => unknown = application(express), more: ExpressOptions = {}) {
    const made = setup()
    const app = express()
    app.use(telemetry({ ...made.options, ...more }))
    add(app, made)
    const port = await listen(createServer(app))
    return { ...made, at: (path: string) => new URL(path, `http://127.0.0.1:${port}`) }
  }

  /** Sends one request to an application. @returns the answer and the root span */
  const rootOf = async (path: string, add?: Parameters<typeof start>[0], options?: Parameters<typeof ask>[1]) => rootFrom(await start(add), path, options)

  return { start, rootOf }
}
