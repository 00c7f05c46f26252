// Classes with decorators: a Durable Object, and an entrypoint that calls it.
import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers'
import { Flushed, Telemetry, Traced, span } from 'flushed/decorators'
import { optionsFor } from './setup.mjs'

let options
const shared = (env) => (options ??= optionsFor(env))

@Telemetry(shared)
export class Room extends DurableObject {
  @Flushed() async join(name, greet) {
    using _joining = span('joining')
    this.ctx.waitUntil(this.#remember(name))
    return greet ? await greet(name) : name
  }

  @Traced('remember') async #remember(name) {
    await this.ctx.storage.put('name', name)
  }

  async *#names() {
    yield 'ada'
    yield await this.ctx.storage.get('name')
  }

  @Traced() names() {
    return this.#names()
  }

  @Flushed() async all() {
    const names = []
    for await (const name of this.names()) names.push(name)
    return names
  }

  async refuse() {
    throw new RangeError('the room is closed')
  }
}

@Telemetry(shared)
export default class Front extends WorkerEntrypoint {
  @Flushed() async fetch(request) {
    const [, method, name] = new URL(request.url).pathname.split('/')
    try {
      return Response.json(await this.call(method, name))
    } catch (error) {
      return Response.json(`${error}`, { status: 500 })
    }
  }

  // Returns more than a promise: the result can be called before it is there.
  @Traced() call(method, name) {
    const room = this.env.ROOM.getByName('one')
    // On the other side, a function becomes a stub, which has whatever method it is asked for.
    return method === 'greet' ? room.join(name, (who) => `hello ${who}`) : room[method](name)
  }
}
