/** The types of the decorators, as standard and as legacy decorators. */
import type { AnyFunction } from '../core/layer.ts'

/** A platform's `withTelemetry`, as far as decorators use it. */
export type PlatformWrap = (handler: AnyFunction, options?: never) => unknown

/** The options that a platform's `withTelemetry` takes. */
export type OptionsOf<W> = W extends (handler: never, options?: infer O) => unknown ? Exclude<O, AnyFunction | undefined> : never

/** A method that `@Flushed()` can decorate. */
type Handler = (...args: Parameters<AnyFunction>) => PromiseLike<unknown>

/** Decorates methods that return a promise. As a standard decorator, also fields and `accessor`s that hold such a function. */
export interface FlushedDecorator {
  <This, M extends Handler>(method: M, context: ClassMethodDecoratorContext<This, M>): M
  <This, F extends Handler>(field: undefined, context: ClassFieldDecoratorContext<This, F>): (this: This, initial: F) => F
  <This, F extends Handler>(accessor: ClassAccessorDecoratorTarget<This, F>, context: ClassAccessorDecoratorContext<This, F>): ClassAccessorDecoratorResult<This, F>
  <M extends Handler>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<M>): TypedPropertyDescriptor<M>
}

/** Decorates methods, getters and setters. As a standard decorator, also fields and `accessor`s that hold a function. */
export interface TracedDecorator {
  <This, M extends AnyFunction>(method: M, context: ClassMethodDecoratorContext<This, M>): M
  <This, V>(getter: (this: This) => V, context: ClassGetterDecoratorContext<This, V>): (this: This) => V
  <This, V>(setter: (this: This, value: V) => void, context: ClassSetterDecoratorContext<This, V>): (this: This, value: V) => void
  <This, F extends AnyFunction>(field: undefined, context: ClassFieldDecoratorContext<This, F>): (this: This, initial: F) => F
  <This, F extends AnyFunction>(accessor: ClassAccessorDecoratorTarget<This, F>, context: ClassAccessorDecoratorContext<This, F>): ClassAccessorDecoratorResult<This, F>
  <V>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<V>): TypedPropertyDescriptor<V>
}

/** Decorates a class. */
export interface TelemetryDecorator {
  // The type does not name the constructor, which may be private, nor `ClassDecoratorContext`, which names the constructor.
  // oxlint-disable-next-line typescript/no-unsafe-function-type -- any class is one
  (target: Function, context?: { readonly kind: 'class' }): void
}
