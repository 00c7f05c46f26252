/**
 * The Extensions API, version 2020-01-01, as internal extensions see it.
 * Source: AWS Lambda developer guide, "Using the Lambda Extensions API"; error types as the public emulator names them.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody, sendJson } from '../http.ts'
import type { Invocation } from './invocation.ts'
import type { Journal } from './journal.ts'
import { parseError, parseResponse } from './response.ts'
import type { LambdaError, LambdaOptions } from './types.ts'
import type { Settings } from './variables.ts'

/** What the Extensions API tells the environment it is part of. */
interface ExtensionsHost {
  /** An extension waits for an event. */
  extensionWaits(): void
  initFailed(error: LambdaError): void
}

interface Extension {
  readonly name: string
  readonly events: readonly string[]
  waiting: ServerResponse | undefined
}

const limit = 10
const prefix = '/2020-01-01/extension/'

/** The extensions' side of an execution environment. */
export class ExtensionsApi {
  /** Registration is possible until the runtime first asks for an invocation. */
  open = true
  readonly #extensions = new Map<string, Extension>()

  readonly #host: ExtensionsHost
  readonly #journal: Journal
  readonly #settings: Settings
  readonly #weather: NonNullable<LambdaOptions['extensions']>
  #asked = 0

  constructor(host: ExtensionsHost, journal: Journal, settings: Settings, weather: LambdaOptions['extensions'] = {}) {
    this.#host = host
    this.#journal = journal
    this.#settings = settings
    this.#weather = weather
  }

  get registered(): boolean {
    return this.#extensions.size > 0
  }

  /** Names of the extensions that have not asked for an event. For init, all must ask; for a freeze, those of INVOKE. */
  missing(phase: 'init' | 'invoke'): readonly string[] {
    return [...this.#extensions.values()]
      .filter(({ waiting, events }) => waiting === undefined && (phase === 'init' || events.includes('INVOKE')))
      .map(({ name }) => name)
  }

  /** Delivers the event to the extensions that are registered for INVOKE. */
  deliver({ requestId, deadlineMs, functionArn, traceId }: Invocation): void {
    for (const extension of this.#extensions.values()) {
      const { waiting, events, name } = extension
      if (waiting === undefined || !events.includes('INVOKE')) continue
      extension.waiting = undefined
      this.#journal.note('extension.invoke', { requestId, extension: name })
      const tracing = { type: 'X-Amzn-Trace-Id', value: traceId }
      sendJson(
        waiting,
        200,
        { eventType: 'INVOKE', deadlineMs, requestId, invokedFunctionArn: functionArn, tracing },
        { 'lambda-extension-event-identifier': randomUUID() },
      )
    }
  }

  /** @throws when the client goes away in the middle of a body */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = `${request.method} ${request.url?.slice(prefix.length)}`
    const body = await readBody(request)
    if (call === 'POST register') return this.#register(request, response, body)
    if (call === 'GET event/next') return this.#next(request, response)
    if (call === 'POST init/error' || call === 'POST exit/error') {
      return this.#failed(call === 'POST init/error' ? 'init' : 'exit', request, response, body)
    }
    sendJson(response, 404, { errorType: 'NotFound', errorMessage: `No such call: ${call}` })
  }

  #refuse(response: ServerResponse, errorType: string, errorMessage: string, extension = ''): void {
    this.#journal.note('extension.refused', { detail: errorType, ...(extension && { extension }) })
    sendJson(response, 403, { errorType, errorMessage })
  }

  #register(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const name = request.headers['lambda-extension-name']?.toString() ?? ''
    const { refuse: refusal, answerAfterMs = 0 } = this.#weather
    if (refusal === 'hang') return
    if (refusal === 'reset') return void response.socket?.resetAndDestroy()
    if (typeof refusal === 'number') return void response.writeHead(refusal).end()
    const events = eventsOf(body)
    const refuse = (type: string, message: string) => this.#refuse(response, `Extension.${type}`, message, name)
    if (refusal !== undefined) return this.#refuse(response, refusal, 'Refused, as the test asked for', name)
    if (name === '') return refuse('InvalidExtensionName', 'The header Lambda-Extension-Name is missing')
    if (!this.open) return refuse('RegistrationClosed', 'Extension registration closed already')
    if (events === undefined) return this.#refuse(response, 'InvalidRequestFormat', 'The body must be {"events":[…]}', name)
    if (this.#settings.concurrency !== undefined && events.length > 0) {
      return refuse('InvalidEventType', 'No events allowed for internal extensions')
    }
    const unknown = events.find((event) => event !== 'INVOKE')
    if (unknown !== undefined) return refuse('InvalidEventType', `${unknown}: event is not supported for internal extensions`)
    if (this.#find(name) !== undefined) return refuse('InvalidExtensionState', `${name} is registered already`)
    if (this.#extensions.size >= limit) return refuse('TooManyExtensions', `Extension limit (${limit}) reached`)
    const identifier = randomUUID()
    this.#extensions.set(identifier, { name, events, waiting: undefined })
    this.#journal.note('extension.register', { extension: name, detail: events.join() })
    const { functionName, functionVersion, handler } = this.#settings
    const answer = () => sendJson(response, 200, { functionName, functionVersion, handler }, { 'lambda-extension-identifier': identifier })
    if (answerAfterMs === 0) answer()
    else setTimeout(answer, answerAfterMs).unref()
  }

  #find(name: string): Extension | undefined {
    return [...this.#extensions.values()].find((extension) => extension.name === name)
  }

  #identified(request: IncomingMessage, response: ServerResponse): Extension | undefined {
    const identifier = request.headers['lambda-extension-identifier']?.toString()
    const extension = this.#extensions.get(identifier ?? '')
    if (identifier === undefined) this.#refuse(response, 'Extension.MissingExtensionIdentifier', 'Missing Lambda-Extension-Identifier')
    else if (extension === undefined) this.#refuse(response, 'Extension.UnknownExtensionIdentifier', 'Unknown extension')
    return extension
  }

  #next(request: IncomingMessage, response: ServerResponse): void {
    const extension = this.#identified(request, response)
    if (extension === undefined) return
    this.#journal.note('extension.next', { extension: extension.name })
    if (++this.#asked === this.#weather.resetNext) return void response.socket?.resetAndDestroy()
    if (extension.waiting !== undefined) {
      return this.#refuse(response, 'Extension.InvalidExtensionState', 'Another next is waiting', extension.name)
    }
    extension.waiting = response
    response.once('close', () => {
      if (extension.waiting === response) extension.waiting = undefined
    })
    this.#host.extensionWaits()
  }

  #failed(phase: 'init' | 'exit', request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const extension = this.#identified(request, response)
    if (extension === undefined) return
    const type = request.headers['lambda-extension-function-error-type']?.toString()
    const error = parseError(parseResponse(body, undefined).payload, type)
    this.#journal.note(`extension.${phase}_error`, { extension: extension.name, detail: type ?? error.errorType })
    sendJson(response, 202, { status: 'OK' })
    if (phase === 'init') this.#host.initFailed(error)
  }
}

function eventsOf(body: Buffer): readonly string[] | undefined {
  const { payload } = parseResponse(body, undefined)
  if (payload === '') return []
  const events: unknown = typeof payload === 'object' && payload !== null && 'events' in payload ? payload.events : undefined
  return Array.isArray(events) ? events.map(String) : undefined
}
