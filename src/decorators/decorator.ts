/**
 * Decorators of both kinds: the standard ones (TC39, Stage 3), which are called with the decorated value and a context, and
 * TypeScript's legacy ones (`experimentalDecorators`), which are called with a target, a key and a property descriptor.
 *
 * @module
 */
import { badOption, quote } from '../core/errors.ts'
import { type AnyFunction, WRAPPED, isGenerator } from '../core/layer.ts'
import { classOf } from './class-options.ts'
import { carryOn, defineMetadata, note } from './metadata.ts'

/** One call of a decorated method. */
export class Call {
  /**
   * @param self what the method is called on
   * @param owner the instance, or the class of a static method, even if the method was detached from it
   */
  constructor(
    readonly method: AnyFunction,
    readonly self: unknown,
    readonly args: unknown[],
    readonly owner: unknown,
  ) {}
}

/** How a decorator wraps. */
interface Wrapping {
  readonly decorator: 'Flushed' | 'Traced'
  /** Whether it also wraps what is not a handler: getters, setters, generators. */
  readonly any: boolean
  /** Called once for each member. Returns what runs the member's calls. */
  prepare(member: string): (call: Call) => unknown
}

/** The second argument that a decorator of either kind is called with. */
type Second = DecoratorContext | PropertyKey | undefined

export const isContext = (second: unknown): second is DecoratorContext =>
  typeof second === 'object' && second !== null && typeof (second as Partial<DecoratorContext>).kind === 'string'

/** Whether `@Flushed` or the like stands without parentheses: then it gets what a decorator gets, and not options. */
export const isBare = (args: ArrayLike<unknown>): boolean => args.length > 1 || typeof args[0] === 'function'

/** Makes the error for a decorator in a place where it cannot be. @param instead what to write instead */
export const misplaced = (decorator: string, where: string, instead: string): TypeError =>
  badOption(`\`@${decorator}()\` cannot decorate ${where}: ${instead}`)

/** Makes a decorator for members that works as a standard and as a legacy decorator. */
export const decorator =
  (wrapping: Wrapping) =>
  (target: unknown, second?: Second, third?: unknown): unknown => {
    if (isContext(second)) return standard(wrapping, target, second)
    if (typeof third === 'number') throw misplaced(wrapping.decorator, 'a parameter', 'decorate the method')
    if (second === undefined) throw onClass(wrapping)
    return legacy(wrapping, target as object, second, third as PropertyDescriptor | undefined)
  }

const onClass = ({ decorator: name }: Wrapping) => misplaced(name, 'a class', 'write `@Telemetry({ … })` for what all its methods have')

function standard(wrapping: Wrapping, value: unknown, context: DecoratorContext): unknown {
  const { kind } = context
  if (kind === 'class') throw onClass(wrapping)
  const name = String(context.name)
  const wrap = wrapperOf(wrapping, name)
  note(context.metadata, WRAPPED, wrapping.decorator, context.name)
  const initialized = function (this: unknown, initial: unknown) {
    if (typeof initial === 'function') return wrap(initial as AnyFunction, () => this)
    throw onField(wrapping, name, `it holds no function, but ${quote(initial)}`)
  }
  if (kind === 'field') return initialized
  if (kind === 'accessor') return { init: initialized }
  if (kind !== 'method' && !wrapping.any) throw onAccessor(wrapping, name)
  let home: unknown
  // For a static method, `this` is its class. For any other, `this` is an instance, maybe of a class that extends the
  // method's own: so look for the prototype that has the method. A private method is in none.
  if (kind === 'method') context.addInitializer(function () {
    home ??= holderOf(this, context.name) ?? classOf(this)
  })
  return wrap(value as AnyFunction, (self) => self ?? home)
}

/** Finds what has a member as its own: an object, or one of its prototypes. */
const holderOf = (object: unknown, key: PropertyKey): unknown =>
  !object || Object.hasOwn(object, key) ? object : holderOf(Object.getPrototypeOf(object), key)

const onAccessor = ({ decorator: name }: Wrapping, member: string) =>
  misplaced(name, `the accessor \`${member}\``, 'write a method, or `@Traced()`')

const onField = ({ decorator: name }: Wrapping, member: string, instead: string) => misplaced(name, `the field \`${member}\``, instead)

function legacy(wrapping: Wrapping, target: object, key: PropertyKey, descriptor: PropertyDescriptor | undefined): unknown {
  const name = String(key)
  const { value, get, set } = descriptor ?? {}
  const isMethod = typeof value === 'function'
  if (!descriptor || !(isMethod || get || set)) {
    throw onField(wrapping, name, `legacy decorators are not told what it holds; write a method, \`${name}(…) { … }\``)
  }
  if (!isMethod && !wrapping.any) throw onAccessor(wrapping, name)
  const wrap = wrapperOf(wrapping, name)
  const home = typeof target === 'function' ? target : target.constructor
  const wrapped = (method: AnyFunction) => wrap(method, (self) => self ?? home)
  // Change the descriptor that was passed in: code that applies several decorators as one (Nest's `applyDecorators`) looks
  // at nothing else. Also return it, as code that applies a single decorator expects.
  if (isMethod) descriptor.value = wrapped(value as AnyFunction)
  if (get) descriptor.get = wrapped(get) as () => unknown
  if (set) descriptor.set = wrapped(set)
  defineMetadata(WRAPPED, wrapping.decorator, target, key)
  return descriptor
}

/** @returns what wraps the functions of one member: a field has one function for each instance */
function wrapperOf(wrapping: Wrapping, name: string) {
  const run = wrapping.prepare(name)
  return (method: AnyFunction, ownerOf: (self: unknown) => unknown): AnyFunction => {
    const wrapper = function (this: unknown, ...args: unknown[]) {
      // A method that was detached from its class has no `this`. In code that is not strict, as in a bundle, `this` is then the
      // global object.
      const self = this === globalThis ? undefined : this
      return run(new Call(method, self, args, ownerOf(self)))
    }
    if (!wrapping.any && isGenerator(method)) {
      throw misplaced(wrapping.decorator, `the generator \`${name}\``, 'write `@Traced()`')
    }
    return carryOn(wrapper, method, wrapping.decorator)
  }
}
