/** Runs a program against the code under test, on a clock that stands still, until the environment of the program ends. */
import { trace as api } from '@opentelemetry/api'
import { makeProvider } from '#sdk'
import { otel } from 'flushed/otel'
import { fakeClock, useClock } from 'flushed/testing'
import { Deadline, settledWithin } from '../../src/core/deadline.ts'
import { flushLeftovers, shutdown } from '../../src/core/early.ts'
import type { InvocationState } from '../../src/core/invocation.ts'
import { isolate } from '../../src/core/isolate.ts'
import type { Settled, Wrap } from '../../src/core/lifecycle.ts'
import { type Config, resolveOptions } from '../../src/core/options.ts'
import type { NamedFlush, SpanOwner, Telemetry } from '../../src/core/types.ts'
import { anywhere, wrap } from '../../src/core/with-telemetry.ts'
import { ScriptedExporter } from './exporter.ts'
import { Code } from './handler.ts'
import type { Plan, Program } from './program.ts'
import { Request, currentRequest, mortalClock } from './requests.ts'
import { type Owner, Trace } from './trace.ts'
import { WORLDS } from './worlds.ts'

/** Milliseconds after which anything still unfinished will never finish, and after which nobody waits for a request any more. */
const HORIZON_MS = 10 * 60_000
const FORGOTTEN_MS = 20 * 60_000
/** Milliseconds between a sandbox's SIGTERM and its end. */
const SHUTDOWN_MS = 450

const LAST: Plan = {
  startsMs: 0,
  sync: true,
  ops: [],
  ending: 'returns',
  deferred: false,
  earlyMs: Infinity,
  heldMs: 0,
  leavesMs: Infinity,
  onFlush: 'returns',
}

/** Whether the timers of a request die with it in this world. */
const isMortal = ({ world }: Program): boolean => world.startsWith('requests')

export async function run(program: Program): Promise<Trace> {
  const environment = new Environment(program)
  const unhandled = (reason: unknown) => void environment.trace.log({ what: 'unhandled', reason })
  process.on('unhandledRejection', unhandled)
  try {
    await environment.live()
    await environment.end()
    return environment.trace
  } finally {
    process.off('unhandledRejection', unhandled)
    useClock(undefined)
  }
}

class Environment {
  readonly time = fakeClock()
  readonly clock = mortalClock(this.time)
  readonly trace = new Trace(this.clock)
  readonly exporter: ScriptedExporter
  readonly telemetry: Telemetry
  readonly #invocations: (InvocationState | undefined)[] = []
  readonly #owners = new WeakMap<SpanOwner, Owner>()
  readonly #requests: Request[] = []
  readonly #forceFlush: () => Promise<void>

  constructor(readonly program: Program) {
    const { maxBufferSize, maxQueueSize, flushIntervalMs } = program
    newIsolate()
    useClock(this.clock)
    this.trace.isLive = (owner) => this.#invocations[owner]?.live === true
    this.exporter = new ScriptedExporter(this.trace, program.answers, program.drains)
    const { exporter } = this
    const plain = otel({ exporter, maxBufferSize, maxQueueSize, flushIntervalMs, meterProvider: false, loggerProvider: false })
    const provider = makeProvider({ spanProcessors: [this.trace.processor, plain.spanProcessor] })
    api.disable()
    api.setGlobalTracerProvider(provider)
    this.#forceFlush = () => provider.forceFlush()
    this.telemetry = this.#watched(plain)
  }

  /** The telemetry, with an observer in each of its stages. */
  #watched(plain: Telemetry): Telemetry {
    const { trace, program } = this
    const [buffers, exporters] = plain.stages as [Telemetry['stages'][0], Telemetry['stages'][0]]
    const begins: NamedFlush = {
      name: 'begins',
      flush: ({ invocation, timeoutMs }) => {
        const { phase, live } = invocation
        trace.log({ what: 'flush', owner: this.#ownerOf(invocation), phase, live, timeoutMs, request: currentRequest() })
        return 'nothing_to_send'
      },
    }
    const buffer: NamedFlush = {
      name: 'buffer',
      flush: ({ invocation }) => {
        const owner = this.#ownerOf(invocation)
        trace.log({ what: 'handed over', owner })
        const drained = () => void trace.log({ what: 'drained', owner })
        if (program.bufferMs > 0) return this.#sleep(program.bufferMs).then(drained)
        drained()
        return 'nothing_to_send'
      },
    }
    const network: NamedFlush = {
      name: 'network',
      flush: ({ invocation, timeoutMs }) => {
        trace.log({ what: 'network', owner: this.#ownerOf(invocation), timeoutMs })
        return 'nothing_to_send'
      },
    }
    return {
      ...plain,
      stages: [
        { ...buffers, flushables: [begins, ...buffers.flushables, buffer] },
        { ...exporters, flushables: [network, ...exporters.flushables] },
      ],
      defer: (invocation) => {
        trace.log({ what: 'defer', owner: this.#ownerOf(invocation) })
        plain.defer?.(invocation)
      },
    }
  }

  #ownerOf(invocation: SpanOwner): Owner {
    return this.#owners.get(invocation) ?? 'nobody'
  }

  /** The wrap that flushes when there is no invocation. */
  get #nobodys(): Wrap {
    return { config: this.#config('nobody', LAST, 'nobody'), platform: anywhere }
  }

  #sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => (ms === Infinity ? undefined : this.clock.setTimeout(resolve, ms)))

  async live(): Promise<void> {
    // The number of turns to wait for is remembered from one program to the next. A wait for nothing resets it.
    await settledWithin({ waiting: 0, work: undefined }, new Deadline(0))
    for (const [owner, plan] of this.program.invocations.entries()) {
      this.time.setTimeout(() => this.#invoke(owner, plan), plan.startsMs)
    }
    await this.time.advance(HORIZON_MS)
  }

  #invoke(owner: number, plan: Plan): void {
    const { trace, program } = this
    const request = (this.#requests[owner] = new Request(this.time, isMortal(program)))
    const begun = (invocation: InvocationState) => {
      this.#invocations[owner] = invocation
      this.#owners.set(invocation, owner)
    }
    const platform = WORLDS[program.world]({ trace, plan, owner, request, begun })
    const config = this.#config(owner, plan, `${owner}:root`)
    const code = new Code(owner, {
      trace,
      request,
      tracer: api.getTracer('app'),
      sleep: this.#sleep,
      forceFlush: this.#forceFlush,
      wrap: (name, inner) => wrap(inner, this.#config(owner, plan, name), platform) as () => Promise<unknown>,
    })
    const handler = code.function(plan.ops, plan.ending, plan.sync, (how) => void trace.log({ what: 'settle', owner, how }))
    const response = (how: Settled) => {
      trace.log({ what: 'response', owner, how })
      request.responded()
    }
    trace.log({ what: 'begin', owner })
    request.run(() => (wrap(handler, config, platform) as () => Promise<unknown>)()).then(
      (result) => response({ result }),
      (thrown: unknown) => response({ thrown }),
    )
  }

  #config(owner: Owner, { onFlush }: Plan, name: string): Config {
    const { trace, telemetry, program } = this
    return resolveOptions({
      telemetry,
      name,
      timeoutMs: program.timeoutMs,
      logger: { warn: (message) => void trace.log({ what: 'warn', message }) },
      onFlush(report) {
        trace.log({ what: 'report', owner, report })
        if (onFlush === 'throws') throw new Error('onFlush has failed')
        if (onFlush === 'rejects') return Promise.reject(new Error('onFlush has failed'))
      },
    })
  }

  /** Ends the environment: flushes everything that is left, and flushes again after every export has been answered. */
  async end(): Promise<void> {
    const { program, trace, exporter } = this
    for (const owner of this.#invocations.keys()) if (trace.isLive(owner)) trace.log({ what: 'dead', owner })
    if (!isMortal(program)) {
      void shutdown([this.#nobodys], new Error('stopped'), SHUTDOWN_MS)
      await this.time.advance(SHUTDOWN_MS)
    }
    for (const request of this.#requests) request.die()
    exporter.answers = [{ how: 'accepts', when: 'at once' }]
    await this.time.advance(FORGOTTEN_MS)
    for (const release of [() => {}, () => exporter.release()]) {
      release()
      if (isMortal(program)) this.#invoke(this.#requests.length, LAST)
      else void flushLeftovers(this.#nobodys, 'shutdown')
      await this.time.advance(FORGOTTEN_MS)
      trace.lasts.push(trace.events.length)
    }
  }
}

/** Forgets what the previous program has left in the isolate. */
function newIsolate(): void {
  Object.assign(isolate, { previous: undefined, running: undefined })
  isolate.live.length = 0
  isolate.warned.clear()
}
