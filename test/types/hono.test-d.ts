/** What compiles with Hono, and what does not. Checked by `npm run types`; nothing here is run. */
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { hc } from 'hono/client'
import { withTelemetry as withWorkersTelemetry } from 'flushed/workers'
import { telemetry } from 'flushed/hono'
import { expectTypeOf } from 'vitest'

interface Env {
  Bindings: { readonly COLLECTOR: string }
  Variables: { tenant: string }
}

// A middleware of ours is a middleware, wherever one may be.
const middleware: MiddlewareHandler<Env> = telemetry()
const app = new Hono<Env>()
app.use(telemetry())
app.use('/orders/*', telemetry({ timeoutMs: 500 }))
app.get('/guarded', telemetry(), middleware, (c) => c.text(c.var.tenant))
app.on('PUT', ['/orders', '/order'], telemetry(), (c) => c.text('put'))
app.on(['PUT', 'POST'], '/orders', telemetry(), (c) => c.text('put'))

// It changes no type: neither of what comes after it, nor of the client that is made of the application.
const typed = app.use(telemetry()).get('/orders/:id', (c) => {
  expectTypeOf(c.env.COLLECTOR).toBeString()
  expectTypeOf(c.req.param('id')).toBeString()
  return c.json({ id: c.req.param('id'), tenant: c.get('tenant') })
})
const client = hc<typeof typed>('http://localhost')
expectTypeOf(client.orders[':id'].$get).parameter(0).toEqualTypeOf<{ param: { id: string } }>()

// Attributes are made of a context, or of Hono's own.
telemetry({ attributes: (c) => ({ 'app.tenant': c.req.header('x-tenant') ?? 'none', 'app.path': c.req.path }) })
app.use(telemetry({ attributes: (c: Context<Env>) => ({ 'app.tenant': c.get('tenant') }) }))
// @ts-expect-error -- Hono's has no such variable
telemetry({ attributes: (c: Context<Env>) => ({ 'app.tenant': c.get('nope') }) })

// Options may be made of bindings.
app.use(telemetry((env: Env['Bindings']) => ({ name: env.COLLECTOR })))
// @ts-expect-error -- there is no such binding
telemetry((env: Env['Bindings']) => ({ name: env.NOPE }))
// @ts-expect-error -- a typo
telemetry({ timoutMs: 100 })

// As a Worker: its bindings are what the options are made of; where it names none, they may be any.
const worker = new Hono<Env>()
expectTypeOf(withWorkersTelemetry(worker, (env) => ({ name: env.COLLECTOR }))).toEqualTypeOf<typeof worker>()
withWorkersTelemetry(worker, (env: Env['Bindings']) => ({ name: env.COLLECTOR }))
withWorkersTelemetry(new Hono(), (env: Env['Bindings']) => ({ name: env.COLLECTOR }))
// @ts-expect-error -- there is no such binding
withWorkersTelemetry(worker, (env) => ({ name: env.NOPE }))
// @ts-expect-error -- its bindings are others
withWorkersTelemetry(worker, (env: { readonly OTHER: string }) => ({ name: env.OTHER }))
