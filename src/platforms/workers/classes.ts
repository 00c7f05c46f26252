/**
 * Classes of the Workers runtime: `WorkerEntrypoint`, `DurableObject` and `WorkflowEntrypoint`.
 *
 * The runtime gets an instance behind a proxy, and the class's own code the instance itself. So what comes from outside is
 * told from what methods call among themselves, even where nothing can be followed through asynchronous code.
 *
 * @module
 */
import { context } from '@opentelemetry/api'
import { running } from '../../core/isolate.ts'
import { type AnyFunction, WRAPPED } from '../../core/layer.ts'
import { type Settled, type Wrap, begin } from '../../core/lifecycle.ts'
import type { Platform } from '../../core/types.ts'
import { describe } from './describe.ts'
import { type Settings, workers } from './platform.ts'
import { EVENTS, type WorkerContext } from './types.ts'
import { workflow } from './workflow.ts'

type Class = new (...args: never[]) => object

const WORKFLOW = 'WorkflowEntrypoint'
const OBJECT = 'DurableObject'

/** What the runtime itself calls, by the class that is extended. Anything else is called by RPC. */
const EVENTS_OF: Record<string, readonly string[]> = {
  WorkerEntrypoint: EVENTS,
  [OBJECT]: ['fetch', 'connect', 'alarm', 'webSocketMessage', 'webSocketClose', 'webSocketError'],
  [WORKFLOW]: ['run'],
}

/** Whether a function is a class, be it one that was compiled into a function with methods. */
export function isClass(value: unknown): value is Class {
  const prototype = typeof value === 'function' && Object.getOwnPropertyDescriptor(value, 'prototype')
  return !!prototype && (!prototype.writable || Object.getOwnPropertyNames(prototype.value).length > 1)
}

/** The runtime's class that a class extends: none, if it is a Durable Object as they once were. */
function baseOf(target: object): string {
  const base = Object.getPrototypeOf(target) as { name: string } | null
  if (!base) return OBJECT
  return base.name in EVENTS_OF ? base.name : baseOf(base)
}

/** Wraps a class: what the runtime makes of it, and nothing that is made of a class which extends it. */
export function wrapClass<C extends Class>(target: C, settings: (env: unknown) => Settings | undefined): C {
  const base = baseOf(target)
  const info = { platform: 'workers', original: target }
  const wrapped: C = new Proxy(target, {
    get: (_, key, receiver) => (key === WRAPPED ? info : Reflect.get(target, key, receiver)),
    construct(_, given: [ctx: WorkerContext, env: unknown], newTarget) {
      const self = Reflect.construct(target, given, newTarget) as Record<string, unknown>
      // The private members of a class that extends this one would be looked for on the proxy.
      if (newTarget !== wrapped) return self
      return new Proxy(self, {
        get(_self, key: string) {
          const method = self[key]
          if (typeof method !== 'function' || typeof key === 'symbol' || key in Object.prototype) return method
          if (base === WORKFLOW && key !== 'run') return method
          return new Proxy(method as AnyFunction, {
            apply(_method, _receiver, args: unknown[]) {
              const found = settings(given[1])
              if (!found) return Reflect.apply(method, self, args)
              const platform = platformOf(target.name, base, key, found, given[0]) as Platform<never>
              return call({ config: found.config, platform }, method as AnyFunction, self, args)
            },
          })
        },
      })
    },
  })
  return wrapped
}

function platformOf(name: string, base: string, key: string, found: Settings, ctx: WorkerContext | undefined): Platform {
  const isEvent = EVENTS_OF[base]?.includes(key)
  const platform: Platform = {
    ...workers(key, found, ctx),
    describe(args, active) {
      const description = describe(isEvent ? key : '', args, active)
      const { attributes } = description
      attributes['cloudflare.entrypoint'] = name
      if (ctx?.id) attributes['cloudflare.durable_object.id'] = `${ctx.id}`
      if (!isEvent) {
        // Source: semantic conventions for RPC spans, release candidate: the method with its service is the span's name.
        attributes['rpc.system.name'] = 'cloudflare_rpc'
        attributes['rpc.method'] = description.name = `${name}/${key}`
      }
      return description
    },
  }
  return base === WORKFLOW ? workflow(name, platform, found, ctx) : platform
}

/** As `invoke` of the lifecycle does, but a method that is synchronous stays so, where nothing has to wait for the flush. */
function call(wrap: Wrap, method: AnyFunction, self: unknown, args: unknown[]): unknown {
  const begun = begin(wrap, method.name, args)
  if (!begun) return Reflect.apply(method, self, args)
  const settle = (how: Settled): unknown => {
    const held = begun.settle(how)
    const come = () => {
      if ('thrown' in how) throw how.thrown
      return how.result
    }
    return held ? held.then(come) : come()
  }
  let result: unknown
  try {
    result = running(begun.owner, () => context.with(begun.context, method, self, ...args))
  } catch (thrown) {
    return settle({ thrown })
  }
  // Promises of RPC are functions.
  if (typeof (result as PromiseLike<unknown> | undefined | null)?.then !== 'function') return settle({ result })
  return Promise.resolve(result).then(
    (value) => settle({ result: value }),
    (thrown: unknown) => settle({ thrown }),
  )
}
