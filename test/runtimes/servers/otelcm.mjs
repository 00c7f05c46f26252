import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
if (process.env.OTELCM) context.setGlobalContextManager(new AsyncLocalStorageContextManager())
