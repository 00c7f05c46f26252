/** Preloaded by a server: OpenTelemetry's instrumentations of `http` and Express, as an application registers them. */
import { register } from 'node:module'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'

// Express is imported by a module, and not by `require`.
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url)
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const { instrumented } = JSON.parse(process.env.SETTINGS)
registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation(instrumented)] })
