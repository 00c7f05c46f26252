/** Specifies what compiles with Hono, and what does not. `npm run types` checks this file; nothing in it runs. */
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { hc } from 'hono/client'
import { withTelemetry as withWorkersTelemetry } from 'flushed/workers'
import { telemetry } from 'flushed/hono'
import { expectTypeOf } from 'vitest'

interface Env {
  Bindings: { readonly COLLECTOR: string }
  Variables: { tenant: string }
}

// Our middleware is allowed wherever Hono allows one.
const middleware: MiddlewareHandler<Env> = telemetry()
const app = new Hono<Env>()
app.use(telemetry())
app.use('/orders/*', telemetry({ timeoutMs: 500 }))
app.get('/guarded', telemetry(), middleware, (c) => c.text(c.var.tenant))
app.on('PUT', ['/orders', '/order'], telemetry(), (c) => c.text('put'))
app.on(['PUT', 'POST'], '/orders', telemetry(), (c) => c.text('put'))

// It changes neither the types of the handlers after it, nor those of a client made from the application.
const typed = app.use(telemetry()).get('/orders/:id', (c) => {
  expectTypeOf(c.env.COLLECTOR).toBeString()
  expectTypeOf(c.req.param('id')).toBeString()
  return c.json({ id: c.req.param('id'), tenant: c.get('tenant') })
})
const client = hc<typeof typed>('http://localhost')
expectTypeOf(client.orders[':id'].$get).parameter(0).toEqualTypeOf<{ param: { id: string } }>()

// Attributes may be made from any context, or from one typed with the application's `Env`.
telemetry({ attributes: (c) => ({ 'app.tenant': c.req.header('x-tenant') ?? 'none', 'app.path': c.req.path }) })
app.use(telemetry({ attributes: (c: Context<Env>) => ({ 'app.tenant': c.get('tenant') }) }))
// @ts-expect-error -- the context has no such variable
telemetry({ attributes: (c: Context<Env>) => ({ 'app.tenant': c.get('nope') }) })

// Options may be made from bindings.
app.use(telemetry((env: Env['Bindings']) => ({ name: env.COLLECTOR })))
// @ts-expect-error -- there is no such binding
telemetry((env: Env['Bindings']) => ({ name: env.NOPE }))
// @ts-expect-error -- a typo
telemetry({ timoutMs: 100 })

// As a Worker: its options are made from its own bindings, or from any if the application declares none.
const worker = new Hono<Env>()
expectTypeOf(withWorkersTelemetry(worker, (env) => ({ name: env.COLLECTOR }))).toEqualTypeOf<typeof worker>()
withWorkersTelemetry(worker, (env: Env['Bindings']) => ({ name: env.COLLECTOR }))
withWorkersTelemetry(new Hono(), (env: Env['Bindings']) => ({ name: env.COLLECTOR }))
// @ts-expect-error -- there is no such binding
withWorkersTelemetry(worker, (env) => ({ name: env.NOPE }))
// @ts-expect-error -- the application has other bindings
withWorkersTelemetry(worker, (env: { readonly OTHER: string }) => ({ name: env.OTHER }))
