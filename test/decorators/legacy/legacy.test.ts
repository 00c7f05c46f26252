/** Specifies what differs with legacy decorators (`experimentalDecorators`), and the metadata of `reflect-metadata`, on a stub of it. */
import { Flushed, Telemetry, Traced } from 'flushed/decorators'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { names, newIsolate, pipeline } from '../../support/sdk.ts'

beforeEach(newIsolate)

test('a method detached from its instance uses the options of its class', async () => {
  const { exporter, telemetry } = pipeline()
  @Telemetry({ telemetry, attributes: { 'app.a': 1 } })
  class Orders {
    @Flushed() async create() {}
  }
  const { create } = Orders.prototype
  await create()
  expect(exporter.spans).toMatchObject([{ name: 'Orders.create', attributes: { 'app.a': 1 } }])
})

test('decorators work when a function combines them and looks at the descriptor alone, as Nest’s does', async () => {
  const { exporter, telemetry } = pipeline()
  // Like Nest's `applyDecorators`.
  const all =
    (...decorators: MethodDecorator[]): MethodDecorator =>
    (target, key, descriptor) => {
      for (const decorate of decorators) decorate(target, key, descriptor)
    }
  class Orders {
    @all(Traced('inside') as MethodDecorator, Flushed({ telemetry }) as unknown as MethodDecorator) async create() {}
  }
  await new Orders().create()
  expect(names(exporter.spans)).toEqual(['inside', 'Orders.create'])
})

describe('on what is not a method', () => {
  const flushed = Flushed as unknown as (...args: unknown[]) => (...args: unknown[]) => unknown
  const traced = Traced as unknown as typeof flushed
  class Orders {}
  const target = Orders.prototype
  test.each([
    ['`@Flushed` without parentheses', () => flushed(target, 'create', { value: async () => {} }), 'write `@Flushed()`, with parentheses, before a method'],
    ['`@Traced` without parentheses', () => traced(target, 'create', { value: async () => {} }), 'write `@Traced()`, with parentheses, before a method'],
    ['`@Flushed` on a class, without parentheses', () => flushed(Orders), 'write `@Flushed()`, with parentheses, before a method'],
    ['a class', () => flushed()(Orders), '`@Flushed()` cannot decorate a class: write `@Telemetry({ … })`'],
    ['a parameter', () => flushed()(target, 'create', 0), '`@Flushed()` cannot decorate a parameter: decorate the method'],
    ['a constructor’s parameter', () => traced()(Orders, undefined, 0), '`@Traced()` cannot decorate a parameter: decorate the method'],
    ['a field', () => flushed()(target, 'create', undefined), '`@Flushed()` cannot decorate the field `create`: legacy decorators are not told what it holds; write a method, `create(…) { … }`'],
    ['a field with an initializer, as other compilers have it', () => traced()(target, 'price', { initializer: () => () => {}, writable: true }), '`@Traced()` cannot decorate the field `price`'],
    ['an accessor', () => flushed()(target, 'total', { get: () => 1 }), '`@Flushed()` cannot decorate the accessor `total`: write a method, or `@Traced()`'],
    ['a generator', () => flushed()(target, 'each', { value: async function* () {} }), '`@Flushed()` cannot decorate the generator `each`: write `@Traced()`'],
  ])('a decorator throws a TypeError that says what to write: %s', (_what, misuse, message) => {
    expect(misuse).toThrow(expect.objectContaining({ name: 'TypeError', code: 'FLUSHED_INVALID_OPTION', message: expect.stringContaining(message) }))
  })
})

describe('with a stub of `reflect-metadata`', () => {
  const store = new Map<unknown, Map<unknown, Map<unknown, unknown>>>()
  const of = (target: object, property: unknown) => {
    const members = store.get(target) ?? store.set(target, new Map()).get(target)
    return members?.get(property) ?? members?.set(property, new Map()).get(property)
  }
  const stub = {
    defineMetadata: (key: unknown, value: unknown, target: object, property?: unknown) => void of(target, property)?.set(key, value),
    getOwnMetadata: (key: unknown, target: object, property?: unknown) => of(target, property)?.get(key),
    getOwnMetadataKeys: (target: object, property?: unknown) => [...(of(target, property)?.keys() ?? [])],
  }
  beforeEach(() => void Object.assign(Reflect, stub))
  afterEach(() => {
    for (const key of Object.keys(stub)) Reflect.deleteProperty(Reflect, key)
    store.clear()
  })

  const Roles =
    (...roles: string[]): MethodDecorator =>
    (_target, _key, descriptor) =>
      stub.defineMetadata('roles', roles, descriptor.value as object)
  const Route =
    (path: string): MethodDecorator =>
    (_target, _key, descriptor) =>
      stub.defineMetadata('path', path, descriptor.value as object)

  test('metadata that decorators above and below put on the method is found on the wrapped method', () => {
    class Orders {
      @Route('/orders') @Flushed() @Traced() @Roles('admin') async create() {}
    }
    const { create } = Orders.prototype
    expect(stub.getOwnMetadata('roles', create)).toEqual(['admin'])
    expect(stub.getOwnMetadata('path', create)).toBe('/orders')
  })

  test('the metadata tells what is decorated, and how', () => {
    @Telemetry({ attributes: { 'app.a': 1 } })
    class Orders {
      @Flushed() async create() {}
      @Traced() static price() {}
    }
    const wrapped = Symbol.for('flushed.wrapped')
    expect(stub.getOwnMetadata(wrapped, Orders.prototype, 'create')).toBe('Flushed')
    expect(stub.getOwnMetadata(wrapped, Orders, 'price')).toBe('Traced')
    expect(stub.getOwnMetadata(wrapped, Orders.prototype.create)).toMatchObject({ decorator: 'Flushed' })
    expect(stub.getOwnMetadata(Symbol.for('flushed.telemetry'), Orders)).toMatchObject({ attributes: { 'app.a': 1 } })
  })
})
