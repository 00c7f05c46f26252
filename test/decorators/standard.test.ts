/** Specifies what only standard (TC39) decorators can decorate, and what only they are told. */
import { Flushed, Telemetry, Traced } from 'flushed/decorators'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { names, newIsolate, pipeline } from '../support/sdk.ts'

beforeEach(newIsolate)

describe('fields, accessors and private members', () => {
  function make() {
    const { exporter, telemetry } = pipeline()
    @Telemetry({ telemetry })
    class Orders {
      tax = 2
      @Flushed() create = async (cents: number) => [this.price(cents), this.rate(), await this.#check()]
      @Traced() price = (cents: number) => cents * this.tax
      @Traced() accessor rate = () => 'rate'
      @Flushed() async #check() {
        return this.#sound
      }
      @Traced() get #sound() {
        return Orders.#limit()
      }
      @Traced() static #limit() {
        return 'sound'
      }
      @Flushed() accessor change = async () => 'changed'
      @Flushed() static all = async () => 'all'
    }
    class Special extends Orders {}
    return { Orders, Special, exporter }
  }

  test('that hold functions are wrapped for each instance, and also work detached from it', async () => {
    const { Orders, Special, exporter } = make()
    const { create } = new Orders()
    expect(await create(21)).toEqual([42, 'rate', 'sound'])
    expect(names(exporter.spans)).toEqual(['Orders.price', 'Orders.rate', 'Orders.#limit', 'Orders.#sound', 'Orders.#check', 'Orders.create'])
    const { change } = new Special()
    expect([await change(), await Orders.all()]).toEqual(['changed', 'all'])
    expect(names(exporter.spans).slice(6)).toEqual(['Special.change', 'Orders.all'])
    expect(create.length).toBe(1)
  })

  test.each([
    ['a number', () => { class Orders { @Traced() limit = 3 as never }; return new Orders() }, '`@Traced()` cannot decorate the field `limit`: it holds no function, but 3'],
    ['nothing yet', () => { class Orders { @Flushed() create!: () => Promise<void> }; return new Orders() }, '`@Flushed()` cannot decorate the field `create`: it holds no function, but undefined'],
    ['text in an accessor', () => { class Orders { @Traced() accessor name = 'orders' as never }; return new Orders() }, '`@Traced()` cannot decorate the field `name`: it holds no function, but "orders"'],
  ])('that hold %s throw a TypeError when an instance is created', (_what, make, message) => {
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError', code: 'FLUSHED_INVALID_OPTION', message: `flushed: ${message}` }))
  })
})

test('a method detached from its instance uses its class’s options, known once an instance exists', async () => {
  const { exporter, telemetry } = pipeline()
  @Telemetry({ telemetry, attributes: { 'app.a': 1 } })
  class Orders {
    @Flushed() async create() {}
  }
  const { create } = new Orders()
  await create()
  expect(exporter.spans).toMatchObject([{ name: 'Orders.create', attributes: { 'app.a': 1 } }])
})

test('an inherited method, detached, uses the options of its own class, whichever class is instantiated first', async () => {
  const { telemetry } = pipeline()
  const [inFirst, inSecond, inBase] = [vi.fn(), vi.fn(), vi.fn()]
  @Telemetry({ telemetry, onFlush: inBase })
  class Base {
    @Flushed() async create() {}
    @Flushed() async #count() {}
    count() {
      const count = this.#count
      return count()
    }
  }
  @Telemetry({ onFlush: inFirst })
  class First extends Base {}
  @Telemetry({ onFlush: inSecond })
  class Second extends Base {}
  new First()
  const { create } = new Second()
  await create()
  expect([inFirst, inSecond, inBase].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 1])
  await expect(new Base().count()).resolves.toBeUndefined()
})

describe('on what is not a method', () => {
  const flushed = Flushed as unknown as (...args: unknown[]) => (...args: unknown[]) => unknown
  const traced = Traced as unknown as typeof flushed
  const method = async () => {}
  test.each([
    ['`@Flushed` without parentheses', () => flushed(method, { kind: 'method', name: 'create' }), 'write `@Flushed()`, with parentheses, before a method'],
    ['`@Traced` without parentheses', () => traced(method, { kind: 'method', name: 'create' }), 'write `@Traced()`, with parentheses, before a method'],
    ['`@Flushed` on a field, without parentheses', () => flushed(undefined, { kind: 'field', name: 'create' }), 'write `@Flushed()`, with parentheses'],
    ['a class', () => flushed()(class {}, { kind: 'class', name: 'Orders' }), '`@Flushed()` cannot decorate a class: write `@Telemetry({ … })`'],
    ['a getter', () => flushed()(method, { kind: 'getter', name: 'total' }), '`@Flushed()` cannot decorate the accessor `total`: write a method, or `@Traced()`'],
    ['a setter', () => flushed()(method, { kind: 'setter', name: 'total' }), '`@Flushed()` cannot decorate the accessor `total`'],
    ['a generator', () => flushed()(function* () {}, { kind: 'method', name: 'each', addInitializer() {} }), '`@Flushed()` cannot decorate the generator `each`: write `@Traced()`'],
  ])('a decorator throws a TypeError that says what to write: %s', (_what, misuse, message) => {
    expect(misuse).toThrow(expect.objectContaining({ name: 'TypeError', code: 'FLUSHED_INVALID_OPTION', message: expect.stringContaining(message) }))
  })
})

describe('`Symbol.metadata`, where it exists', () => {
  const had = Reflect.get(Symbol, 'metadata') as symbol | undefined
  const key = had ?? Symbol.for('Symbol.metadata')
  beforeEach(() => void Object.defineProperty(Symbol, 'metadata', { value: key, configurable: true }))
  afterEach(() => {
    if (!had) Reflect.deleteProperty(Symbol, 'metadata')
  })

  test('tells which members are decorated, and how, for each class', () => {
    @Telemetry({ attributes: { 'app.a': 1 } })
    class Orders {
      @Flushed() async create() {}
      @Traced() price() {}
    }
    class Special extends Orders {
      @Traced() cancel() {}
    }
    const of = (target: object, what: symbol) => (Reflect.get(target, key) as Record<symbol, Record<string, unknown>>)[what]
    const wrapped = Symbol.for('flushed.wrapped')
    expect(of(Orders, wrapped)).toMatchObject({ create: 'Flushed', price: 'Traced' })
    expect(Object.keys(of(Orders, wrapped) ?? {})).toEqual(['create', 'price'])
    expect(of(Special, wrapped)).toMatchObject({ cancel: 'Traced' })
    expect(of(Special, wrapped)?.['create']).toBe('Flushed')
    expect(of(Orders, Symbol.for('flushed.telemetry'))).toMatchObject({ attributes: { 'app.a': 1 } })
  })
})
