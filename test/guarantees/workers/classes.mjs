// Classes as people write them, not wrapped, and a Worker that calls them.
import { DurableObject, RpcTarget, WorkerEntrypoint, WorkflowEntrypoint } from 'cloudflare:workers'
import { span } from 'flushed'
import { jobs } from './jobs.mjs'
export { Jobs } from './jobs.mjs'

class Cart extends RpcTarget {
  #items = []
  add(item) {
    this.#items.push(item)
    return this.#items.length
  }
}

export class Orders extends WorkerEntrypoint {
  #tax = 2
  static currency = 'EUR'
  own = () => 'an instance property'

  get tax() {
    return this.#tax
  }

  // A getter too, but of RPC: its value can be called, and is the runtime's own.
  get level() {
    return this.env.ORDERS.taxed(4)
  }

  // Uses the result of its helper both before and after an `await`.
  async total(price) {
    const before = this.taxed(price)
    await scheduler.wait(1)
    return [before, this.taxed(price)]
  }

  taxed(price) {
    return price * this.#tax
  }

  fail(id) {
    throw new RangeError(`no order ${id}`)
  }

  cart() {
    return new Cart()
  }

  adder(by) {
    return (n) => n + by
  }

  text() {
    return new Blob(['streamed']).stream()
  }

  // Returns an RPC promise that it does not await.
  forwarded() {
    return this.env.ORDERS.taxed(21)
  }

  later() {
    this.ctx.waitUntil(scheduler.wait(200).then(() => span('audit').end()))
    return 'now'
  }

  async fetch(request) {
    return new Response(`orders ${new URL(request.url).pathname}`)
  }

  async scheduled({ cron }) {
    if (cron === 'bad') throw new Error('no such cron')
  }
}

export class Silent extends WorkerEntrypoint {
  ping() {
    return 'pong'
  }
}

let constructed = 0

export class Room extends DurableObject {
  #loaded = 0

  constructor(ctx, env) {
    super(ctx, env)
    constructed++
    ctx.blockConcurrencyWhile(async () => this.load())
  }

  async load() {
    this.#loaded = (await this.ctx.storage.get('count')) ?? 0
    return this.#loaded
  }

  async count() {
    await this.ctx.storage.put('count', ++this.#loaded)
    return this.load()
  }

  // Calls a method of its own some time after it has answered, as a Durable Object may.
  async tick() {
    setTimeout(() => this.load(), 5)
    return 'ticking'
  }

  async work(id, ms) {
    this.ctx.waitUntil(scheduler.wait(ms).then(() => span(`work ${id}`).end()))
    await scheduler.wait(5)
    return id
  }

  async fail() {
    throw new TypeError('the room is closed')
  }

  // Ends whatever is running, at once.
  collapse() {
    this.ctx.abort('collapsed')
  }

  async fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname === '/alarm') await this.ctx.storage.setAlarm(Date.now() + 1)
    if (pathname !== '/socket') return new Response(`room ${pathname}`)
    const [client, server] = Object.values(new WebSocketPair())
    this.ctx.acceptWebSocket(server)
    return new Response(null, { status: 101, webSocket: client })
  }

  async alarm({ retryCount }) {
    if (retryCount === 0) throw new Error('the first time it fails')
  }

  webSocketMessage(socket, message) {
    if (message === 'throw') throw new Error('cannot read that')
    span('read').end()
    socket.send(`${message}, ${constructed} constructed`)
  }

  webSocketClose(socket, code) {
    console.log(`closed with ${code}`)
    socket.close(code)
  }
}

// A Durable Object from before there was a class to extend.
export class Legacy {
  constructor(state, env) {
    this.state = state
    this.env = env
  }

  async fetch() {
    return new Response(`legacy ${this.answer()} ${typeof this.state.storage} ${typeof this.env.COLLECTOR}`)
  }

  answer() {
    return 42
  }
}

let attempts = 0

const undoing = {
  rollback: async ({ output, stepName }) => {
    span('give back').end()
    console.log(`UNDONE ${stepName} ${output} ${undoing.rollback.name}`)
  },
  rollbackConfig: { retries: { limit: 1, delay: 1 } },
}

export class Checkout extends WorkflowEntrypoint {
  async run({ payload }, step) {
    const price = await step.do('price', async () => {
      span('look up').end()
      return 20
    }, undoing)
    const paid = await step.do('pay', { retries: { limit: 1, delay: 1 } }, async () => {
      if (attempts++ % 2 === 0) throw new Error('declined')
      return this.double(price)
    })
    await step.sleep('breathe', 10)
    if (payload.wait) await step.waitForEvent('shipped', { type: 'shipped' })
    if (payload.fail) throw new Error('out of stock')
    return await step.do('ship', async () => paid + 1)
  }

  double(n) {
    return n * 2
  }
}

/** The outcome of a call: what it returned, or what it threw. */
const outcome = async (call) => {
  try {
    return await call()
  } catch (error) {
    return `${error.name}: ${error.message}`
  }
}

const CALLS = {
  total: ({ ORDERS }) => ORDERS.total(10),
  taxed: ({ ORDERS }) => ORDERS.taxed(10),
  tax: ({ ORDERS }) => ORDERS.tax,
  fail: ({ ORDERS }) => ORDERS.fail(7),
  own: ({ ORDERS }) => ORDERS.own(),
  missing: ({ ORDERS }) => ORDERS.missing(),
  inherited: ({ ORDERS }) => ORDERS.toString(),
  forwarded: ({ ORDERS }) => ORDERS.forwarded(),
  level: ({ ORDERS }) => ORDERS.level,
  later: ({ ORDERS }) => ORDERS.later(),
  fetch: async ({ ORDERS }, request) => (await ORDERS.fetch(request)).text(),
  ...jobs,
  silent: async ({ SILENT }) => [await SILENT.ping(), await outcome(() => SILENT.fetch('http://silent/'))],
  async cart({ ORDERS }) {
    using cart = await ORDERS.cart()
    return [await cart.add('tea'), await cart.add('milk')]
  },
  async adder({ ORDERS }) {
    using adder = await ORDERS.adder(40)
    return adder(2)
  },
  text: async ({ ORDERS }) => new Response(await ORDERS.text()).text(),
  count: ({ ROOM }) => room(ROOM).count(),
  tick: ({ ROOM }) => room(ROOM).tick(),
  closed: ({ ROOM }) => room(ROOM).fail(),
  collapse: ({ ROOM }) => room(ROOM).collapse(),
  works: ({ ROOM }) => Promise.all(Array.from({ length: 20 }, (_, id) => room(ROOM).work(id, 20 * (id % 5)))),
  legacy: async ({ LEGACY }) => (await room(LEGACY).fetch('http://legacy/')).text(),
  start: async ({ CHECKOUT }, request) => (await CHECKOUT.create({ params: await request.json() })).id,
  status: ({ CHECKOUT }, request) => instance(CHECKOUT, request).then((one) => one.status()),
  pause: ({ CHECKOUT }, request) => instance(CHECKOUT, request).then((one) => one.pause()),
  resume: ({ CHECKOUT }, request) => instance(CHECKOUT, request).then((one) => one.resume()),
  shipped: ({ CHECKOUT }, request) => instance(CHECKOUT, request).then((one) => one.sendEvent({ type: 'shipped', payload: {} })),
}

const room = (namespace) => namespace.get(namespace.idFromName('one'))
const instance = (workflow, request) => workflow.get(new URL(request.url).searchParams.get('id'))

/** `/call/total` makes a call, and `/room/…` a request to the Durable Object. */
export const caller = {
  async fetch(request, env) {
    const [, kind, name] = new URL(request.url).pathname.split('/')
    if (kind === 'room') return room(env.ROOM).fetch(`http://room/${name}`, request)
    return Response.json((await outcome(() => CALLS[name](env, request))) ?? null)
  },
}
