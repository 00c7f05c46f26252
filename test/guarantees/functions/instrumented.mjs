// Traces every request of node:http, in both of the ways that instrumentations use.
import 'flushed/lambda/register'
import { subscribe } from 'node:diagnostics_channel'
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { withTelemetry } from 'flushed/lambda'
import { telemetry, tracer } from './setup.mjs'

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const { request } = http
http.request = (...args) => {
  console.log('patched', String(args[0]))
  tracer.startSpan('patched').end()
  return request(...args)
}
syncBuiltinESMExports()
subscribe('http.client.request.start', () => tracer.startSpan('subscribed').end())

export const handler = withTelemetry(async ({ url }) => {
  if (url) await new Promise((resolve) => http.request(url, (response) => response.resume().on('end', resolve)).end())
}, { telemetry })
