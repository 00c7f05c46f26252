/** The flush of what a handler has finished, while the body of its response still streams. */
import { span, waitUntil, withTelemetry } from 'flushed/edge'
import type { FlushReport } from 'flushed'
import { beforeEach, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'

beforeEach(newIsolate)

test('a warning of an invocation that goes on is in the last report only', async () => {
  const { telemetry } = pipeline()
  const reports: FlushReport[] = []
  const reported = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const works: Promise<unknown>[] = []
  const handler = withTelemetry(async (_request: Request, _context: object) => {
    span('price').end()
    waitUntil(Promise.reject(new Error('the audit failed')))
    return new Response(new ReadableStream({ pull: (controller) => gate.promise.then(() => controller.close()) }))
  }, { telemetry, logger: false, onFlush: (report) => reported.resolve(void reports.push(report)) })

  const response = await handler(new Request('https://shop.example/'), { waitUntil: (work: Promise<unknown>) => void works.push(work) })
  await reported.promise
  expect(reports).toMatchObject([{ phase: 'background', spans: { acknowledged: 1 }, warnings: [] }])

  gate.resolve()
  await response.text()
  await Promise.all(works)
  expect(reports.slice(1)).toMatchObject([{ spans: { acknowledged: 1 }, warnings: ['background work failed: the audit failed'] }])
})
