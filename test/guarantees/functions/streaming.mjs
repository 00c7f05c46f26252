// Streaming handlers, each without a wrap, and with one around or inside `streamifyResponse`. The runtime provides the
// global `awslambda`.
import { setTimeout as delay } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { waitUntil, withTelemetry } from 'flushed/lambda'
import { telemetry, tracer } from './setup.mjs'

const options = {
  telemetry,
  timeoutMs: Number(process.env.TIMEOUT_MS ?? 2000),
  marginMs: Number(process.env.MARGIN_MS ?? 50),
  policy: JSON.parse(process.env.POLICY ?? '"every"'),
  logger: false,
  onFlush: ({ stages: _stages, ...report }) => console.log(`REPORT ${JSON.stringify(report)}`),
}

const large = { highWaterMark: 123_456 }
const styles = {
  bare: (handler) => awslambda.streamifyResponse(handler, large),
  around: (handler) => withTelemetry(awslambda.streamifyResponse(handler, large), options),
  inside: (handler) => awslambda.streamifyResponse(withTelemetry(handler, options), large),
}
const styled = (handler) =>
  Object.fromEntries(
    Object.entries(styles).map(([style, wrap]) => [style, wrap((event, stream, context) => handler(event, stream, context))]),
  )

/** Writes two parts, `gapMs` apart. */
export const parts = styled(async ({ gapMs = 0 }, stream) => {
  tracer.startActiveSpan('write', (write) => write.end())
  stream.write('one ')
  await delay(gapMs)
  stream.end('two')
})

/** Settles before its stream has ended. */
export const later = styled(async ({ gapMs }, stream) => {
  stream.write('one ')
  setTimeout(() => stream.end('two'), gapMs)
})

/** Never ends its stream. */
export const open = styled(async (_event, stream) => {
  stream.write('one ')
  setInterval(() => {}, 1000)
})

/** Sets a status and headers. */
export const http = styled(async (_event, stream) => {
  const body = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { 'x-a': 'b' } })
  // The client sends a body that is only given to `end` without the metadata.
  body.write('created')
  body.end()
})

/** Fails half-way, in its own code. */
export const fails = styled(async (_event, stream) => {
  stream.write('half')
  throw new RangeError('out of stock')
})

/** Fails after it has ended its stream. */
export const failsAfter = styled(async (_event, stream) => {
  stream.end('whole')
  await delay(10)
  throw new RangeError('out of stock')
})

/** Fails as streams do: that destroys the response stream. */
export const pipes = styled(async (_event, stream) => {
  async function* source() {
    yield 'half'
    await delay(10)
    throw new RangeError('out of stock')
  }
  await pipeline(Readable.from(source()), stream)
})

/** Writes for as long as it is allowed to. */
export const endless = styled(async ({ forMs }, stream) => {
  const until = Date.now() + forMs
  while (Date.now() < until) {
    stream.write('x'.repeat(1024))
    await delay(5)
  }
  stream.end()
})

/** Ends its stream, and does nothing else. */
export const ends = styled(async (_event, stream) => void stream.end('pong'))

/** Leaves background work. */
export const background = styled(async (_event, stream) => {
  waitUntil(tracer.startActiveSpan('audit', (audit) => delay(150).then(() => audit.end())))
  stream.end('pong')
})

/** Answers with how much its stream buffers, which the runtime takes from a symbol of the handler. */
export const buffers = styled(async (_event, stream) => void stream.end(`${stream.writableHighWaterMark} bytes`))

/** Wrapped twice, around and inside. */
export const twice = withTelemetry(awslambda.streamifyResponse(withTelemetry(async (_event, stream) => {
  stream.end('pong')
}, options)), options)
