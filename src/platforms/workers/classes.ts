/**
 * Classes of the Workers runtime: `WorkerEntrypoint`, `DurableObject` and `WorkflowEntrypoint`.
 *
 * The runtime gets an instance behind a proxy; the class's own code gets the instance itself. This separates calls from outside
 * from calls among the methods, even where no context can be followed through asynchronous code.
 *
 * @module
 */
import { type AnyFunction, WRAPPED } from '../../core/layer.ts'
import type { Platform } from '../../core/platform.ts'
import { describe } from './describe.ts'
import { type Settings, call, workers } from './platform.ts'
import { type Event, type WorkerContext, isEvent } from './types.ts'
import { describeRun, followSteps } from './workflow.ts'

type Class = new (...args: never[]) => object

/** Whether a function is a class, including a class that was compiled into a function with methods. */
export function isClass(value: unknown): value is Class {
  const prototype = typeof value === 'function' && Object.getOwnPropertyDescriptor(value, 'prototype')
  return !!prototype && (!prototype.writable || Object.getOwnPropertyNames(prototype.value).length > 1)
}

/** Which of the two entrypoint classes a class extends. `null` for a Durable Object, which once had nothing to extend. */
function kindOf(target: object): 'er' | 'flow' | null {
  const base = Object.getPrototypeOf(target) as { name: string } | null
  return base && ((/^Work(er|flow)Entrypoint$/.exec(base.name)?.[1] as 'er' | 'flow' | undefined) ?? kindOf(base))
}

/** Wraps a class: the instances that the runtime makes of it, but not those of a class that extends it. */
export function wrapClass<C extends Class>(target: C, settings: (env: unknown) => Settings | undefined): C {
  const kind = kindOf(target)
  const info = { platform: 'workers', original: target }
  const unwrapped = (receiver: unknown) => (receiver === wrapped ? target : receiver)
  const wrapped: C = new Proxy(target, {
    // A static accessor may use static private members, which the proxy does not have.
    get: (_, key, receiver) => (key === WRAPPED ? info : Reflect.get(target, key, unwrapped(receiver))),
    set: (_, key, value, receiver) => Reflect.set(target, key, value, unwrapped(receiver)),
    construct(_, given: [ctx: WorkerContext | undefined, env: unknown], newTarget) {
      const self = Reflect.construct(target, given, newTarget) as Record<string, unknown>
      // A class that extends this one would look for its private members on the proxy.
      if (newTarget !== wrapped) return self
      const apply = (key: string) => (method: AnyFunction, _: unknown, args: unknown[]) =>
        call(settings(given[1]), (found) => platformOf(target.name || 'default', kind, key, args, found, given[0]), method, self, args)
      return new Proxy(self, {
        // On the instance itself: an accessor may use private members.
        set: (_, key, value) => Reflect.set(self, key, value),
        get(_, key: string) {
          const method = self[key]
          // For a property that cannot be changed, a proxy must return the property's own value.
          const own = Reflect.getOwnPropertyDescriptor(self, key)
          if (own && !own.configurable && !own.writable) return method
          // Leave what the runtime makes alone, such as an RPC stub from an accessor: it can be called, but is not a `Function`.
          const called = (method as unknown) instanceof Function && typeof key === 'string' && !(key in Object.prototype)
          return called ? new Proxy(method as AnyFunction, { apply: apply(key) }) : method
        },
      })
    },
  })
  return wrapped
}

function platformOf(
  name: string,
  kind: string | null,
  key: string,
  args: unknown[],
  found: Settings,
  ctx: WorkerContext | undefined,
): Platform {
  // By RPC, a method of any name may be called.
  const handles = kind ? isEvent(key as Event, args[0]) : /^(fetch|connect|alarm|webSocket(Message|Close|Error))$/.test(key)
  const event = handles ? key : ''
  const platform = workers(event, found, ctx)
  const { begun, lifetime } = platform
  let replayed: (() => number) | undefined
  return {
    ...platform,
    describe(args, active) {
      const description = describe(event, args, active)
      const { attributes } = description
      attributes['cloudflare.entrypoint'] = name
      if (ctx?.id) {
        attributes['cloudflare.durable_object.id'] = `${ctx.id}`
        // An `undefined` value does not become an attribute: an object made by `newUniqueId()` has no name.
        attributes['cloudflare.durable_object.name'] = ctx.id.name
      }
      if (kind === 'flow') describeRun(description, name, args)
      else if (!handles) {
        // Source: semantic conventions for RPC spans, release candidate: the span's name is the method with its service.
        attributes['rpc.system.name'] = 'cloudflare_rpc'
        attributes['rpc.method'] = description.name = `${name}/${key}`
      }
      return description
    },
    begun(args, invocation) {
      begun?.(args, invocation)
      if (kind === 'flow') replayed = followSteps(args, invocation, found, ctx)
    },
    lifetime(args, invocation) {
      // Known only now, when all steps have had time to be executed.
      const count = replayed?.()
      if (count && !invocation.ended) invocation.root.setAttribute('flushed.replayed_steps', count)
      return lifetime?.(args, invocation)
    },
  }
}
