/** The spans that the body of a response records while it is read, by any reader and in any context. */
import { span, withTelemetry } from 'flushed/edge'
import { beforeEach, expect, test } from 'vitest'
import { newIsolate, pipeline } from '../../support/sdk.ts'

beforeEach(newIsolate)

/** Records a span for each of its chunks, and one when it is cancelled. */
function pulled(): ReadableStream {
  let chunk = 0
  return new ReadableStream({
    async pull(controller) {
      await new Promise(setImmediate)
      span(`chunk ${chunk}`).end()
      if (chunk++ === 2) controller.close()
      else controller.enqueue(new TextEncoder().encode('x'))
    },
    cancel() {
      span('cleanup').end()
    },
  })
}

async function* generated() {
  for (let chunk = 0; chunk < 3; chunk++) {
    span(`chunk ${chunk}`).end()
    yield new TextEncoder().encode('x')
  }
}

const generator = (): ReadableStream => (ReadableStream as unknown as { from(chunks: AsyncIterable<unknown>): ReadableStream }).from(generated())

const all = (response: Response) => response.text()

const part = async ({ body }: Response) => {
  const reader = (body as ReadableStream).getReader()
  await reader.read()
  await reader.cancel()
}

test.each([
  ['`pull`', pulled, all, ['chunk 0', 'chunk 1', 'chunk 2']],
  ['a generator', generator, all, ['chunk 0', 'chunk 1', 'chunk 2']],
  ['`cancel`', pulled, part, ['chunk 0', 'cleanup']],
])('a span that %s of a streamed body records is a child of the root span', async (_what, body, read, recorded) => {
  const { exporter, telemetry } = pipeline()
  const works: Promise<unknown>[] = []
  const handler = withTelemetry(async (_request: Request, _context: object) => new Response(body()), { telemetry })
  const response = await handler(new Request('https://shop.example/'), { waitUntil: (work: Promise<unknown>) => void works.push(work) })
  // Otherwise the stream would still be pulled on behalf of the handler.
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  await read(response)
  await Promise.all(works)
  const root = exporter.spans.find(({ name }) => name === 'GET')
  const children = exporter.spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === root?.spanContext().spanId)
  expect(children.map(({ name }) => name)).toEqual(expect.arrayContaining(recorded))
})
