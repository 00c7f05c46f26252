// Streaming handlers, each without a wrap and in either order with one. awslambda is a global that the runtime provides.
import { setTimeout as delay } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { withTelemetry } from 'flushed/lambda'
import { telemetry, tracer } from './setup.mjs'

const options = {
  telemetry,
  timeoutMs: Number(process.env.TIMEOUT_MS ?? 2000),
  logger: false,
  onFlush: ({ stages: _stages, ...report }) => console.log(`REPORT ${JSON.stringify(report)}`),
}

const styles = {
  bare: (handler) => awslambda.streamifyResponse(handler),
  around: (handler) => withTelemetry(awslambda.streamifyResponse(handler, { highWaterMark: 4096 }), options),
  inside: (handler) => awslambda.streamifyResponse(withTelemetry(handler, options), { highWaterMark: 4096 }),
}
const styled = (handler) =>
  Object.fromEntries(Object.entries(styles).map(([style, wrap]) => [style, wrap((...args) => handler(...args))]))

/** Writes two parts, `gapMs` apart. */
export const parts = styled(async ({ gapMs = 0 }, stream) => {
  tracer.startActiveSpan('write', (write) => write.end())
  stream.write('one ')
  await delay(gapMs)
  stream.end('two')
})

/** Is done before its stream is. */
export const later = styled(async ({ gapMs }, stream) => {
  stream.write('one ')
  setTimeout(() => stream.end('two'), gapMs)
})

/** Never ends its stream. */
export const open = styled(async (_event, stream) => {
  stream.write('one ')
  setInterval(() => {}, 1000)
})

/** Announces a status and headers. */
export const http = styled(async (_event, stream) => {
  const body = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { 'x-a': 'b' } })
  body.end('created')
})

/** Fails half-way, in its own code. */
export const fails = styled(async (_event, stream) => {
  stream.write('half')
  throw new RangeError('out of stock')
})

/** Fails when all has been said. */
export const failsAfter = styled(async (_event, stream) => {
  stream.end('whole')
  await delay(10)
  throw new RangeError('out of stock')
})

/** Fails as streams do, which destroys the response stream. */
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

/** What the wrapped functions are made of: the order in which a test asks for them. */
export const shapes = {
  handler: Object.assign(async () => {
    const symbols = (f) => Object.fromEntries(Object.getOwnPropertySymbols(f).map((s) => [s.description, String(f[s])]))
    return Object.fromEntries(['around', 'inside'].map((style) => [style, { length: ends[style].length, symbols: symbols(ends[style]) }]))
  }),
}
