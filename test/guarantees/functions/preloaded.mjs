// What layers load before the function: a context manager, and an instrumentation that would trace every request of node:http.
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { isTracingSuppressed } from '@opentelemetry/core'

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const { request } = http
http.request = (...args) => {
  const { path } = typeof args[0] === 'string' ? { path: args[0] } : args[0]
  console.log(`${isTracingSuppressed(context.active()) ? 'untraced' : 'traced'} ${path}`)
  return request(...args)
}
syncBuiltinESMExports()
