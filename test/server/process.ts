/** Starts the application of test/runtimes/servers in its own process, and sends requests to it. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type ClientRequest, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { CollectedSpan, Collector } from 'flushed/testing'

const app = fileURLToPath(new URL('../runtimes/servers/app.mjs', import.meta.url))
const instrumentations = new URL('../runtimes/instrumented/register.mjs', import.meta.url).href

export type Server = 'node' | 'express' | 'express4' | 'fastify' | 'hono'

export const SERVERS: Server[] = ['node', 'express', 'fastify', 'hono']

/** The settings that app.mjs and register.mjs understand. */
export interface Settings {
  kind?: 'flushed' | 'batch'
  otel?: object
  options?: object
  exporter?: object
  onSignal?: 'close' | 'drain' | 'again' | 'signal-exit' | 'signal-exit3'
  /** OpenTelemetry's instrumentations of `http` and Express, with options of the latter. Absent: none. */
  instrumented?: object
  /** A span of the application that is active around `flushed`: on Hono one that is open, on Express one that has ended. */
  layer?: 'open' | 'ended'
}

/** Starts the application. Disposing of it kills the process, if that still runs. */
export async function startServer(server: Server, collector: Collector, { kind = 'flushed', ...settings }: Settings = {}) {
  const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, SETTINGS: JSON.stringify(settings) }
  const child = fork(app, [server, kind], { execArgv: ['--expose-gc', ...(settings.instrumented ? ['--import', instrumentations] : [])], env, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (log += chunk))
  const exited = ended(child)
  const port = await next<number>(child, exited)
  return {
    child, exited,
    /** What the process has printed for operators. */
    log: () => log,
    url: (path: string) => `http://127.0.0.1:${port}${path}`,
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
    /** The size of its heap after garbage collection, in bytes. */
    async heap(): Promise<number> {
      child.send('memory')
      return next<number>(child, exited)
    },
  }
}

/** What the process ended with: an exit code or a signal. */
async function ended(child: ChildProcess): Promise<number | string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return signal ?? (code as number)
}

async function next<T>(child: ChildProcess, exited: Promise<number | string>): Promise<T> {
  const gone = exited.then((how) => Promise.reject(new Error(`the server has ended with ${how}`)))
  const [message] = (await Promise.race([once(child, 'message'), gone])) as [T]
  return message
}

/** The status of the response, or the code of the error that the request failed with. */
export function answered(url: string, agent: Agent | false = false): Promise<number | string> {
  return new Promise((resolve) => {
    const request = get(url, { agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode as number)).once('error', () => resolve('cut'))
    })
    request.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

/** A client that hangs up: before the answer or, if `patient`, when the answer has begun. */
async function abandoned(url: string, agent: Agent, patient: boolean): Promise<void> {
  const request: ClientRequest = get(url, { agent }).on('error', () => {})
  const gone = new Promise<void>((resolve) => request.once('close', resolve))
  if (patient) request.once('response', () => request.destroy())
  else {
    await once(request, 'finish')
    await sleep(5)
    request.destroy()
  }
  return gone
}

/**
 * Puts load on a server. Each request has its own number, and every twentieth client hangs up.
 *
 * @param first the number of the first request
 */
export async function load(url: (path: string) => string, first: number, count: number, connections = 50): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  let number = first
  const client = async () => {
    for (let n = number++; n < first + count; n = number++) {
      if (n % 20 === 0) await abandoned(url(`/slow/20?n=${n}`), agent, n % 40 === 0)
      else if ((await answered(url(`/orders/7?n=${n}`), agent)) !== 200) throw new Error(`request ${n} has failed`)
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  agent.destroy()
}

/** How often the spans of each numbered request were delivered, as `'roots/children'`. */
export function deliveries(spans: readonly CollectedSpan[], count: number): string[] {
  const roots = Array.from({ length: count }, () => [] as CollectedSpan[])
  const children = Map.groupBy(spans, ({ parentSpanId }) => parentSpanId)
  for (const span of spans) {
    const number = /(?:^|&)n=(\d+)/.exec(String(span.attributes['url.query'] ?? ''))?.[1]
    if (number !== undefined) roots[Number(number)]?.push(span)
  }
  return roots.map((found) => `${found.length}/${found.flatMap(({ spanId }) => children.get(spanId) ?? []).length}`)
}
