/**
 * The two encodings of OTLP/HTTP behind one contract. protobuf.js is loaded at the first protobuf body only, because it
 * is an optional peer: a test that sends only JSON does not need it.
 *
 * @module
 */
import type { Raw } from './decode-values.ts'
import { otlpSchema } from './otlp-schema.ts'
import type { Signal } from './telemetry.ts'

/** How a request was encoded, after its `Content-Type`. */
export type Encoding = 'json' | 'protobuf'

/** What an OTLP server answers: accepted in full, accepted in part, or refused. */
export type Answer =
  | { readonly type: 'accepted'; readonly rejected: number; readonly message: string }
  | { readonly type: 'refused'; readonly message: string }

/** Reads requests and writes answers in one encoding. */
export interface Codec {
  readonly contentType: string
  decode(signal: Signal, body: Uint8Array): Raw
  encode(signal: Signal, answer: Answer): Uint8Array
}

/** Thrown by {@link codecFor} when protobuf.js cannot be loaded. The collector answers it with HTTP 415. */
export class MissingProtobufError extends Error {
  override readonly name = 'MissingProtobufError'
  readonly code = 'FLUSHED_TESTING_NO_PROTOBUF'
  constructor(cause: unknown) {
    super(
      'The collector of flushed/testing needs protobufjs to read protobuf bodies. ' +
        'Install it (npm install --save-dev protobufjs@8), or export OTLP/JSON.',
      { cause },
    )
  }
}

/** A message without anything rejected is a warning. Source: OTLP 1, "Partial Success". */
const isPlain = ({ rejected, message }: Extract<Answer, { type: 'accepted' }>) => rejected === 0 && message === ''

const rejectedField = { traces: 'rejectedSpans', metrics: 'rejectedDataPoints', logs: 'rejectedLogRecords' } as const

const json: Codec = {
  contentType: 'application/json',
  decode: (_signal, body) => {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
    if (typeof parsed !== 'object' || parsed === null) throw new TypeError('An OTLP request is a JSON object')
    return parsed as Raw
  },
  encode: (signal, answer) => Buffer.from(JSON.stringify(plainAnswer(signal, answer))),
}

function plainAnswer(signal: Signal, answer: Answer): Raw {
  if (answer.type === 'refused') return { message: answer.message }
  if (isPlain(answer)) return {}
  // int64 is text in proto3 JSON.
  return { partialSuccess: { [rejectedField[signal]]: String(answer.rejected), errorMessage: answer.message } }
}

const messageOf = { traces: 'Traces', metrics: 'Metrics', logs: 'Logs' } as const

async function loadProtobuf(): Promise<Codec> {
  const { default: protobuf } = await import('protobufjs').catch((cause: unknown) => {
    throw new MissingProtobufError(cause)
  })
  const { root } = protobuf.parse(otlpSchema)
  const type = (name: string) => root.lookupType(`otlp.${name}`)
  return {
    contentType: 'application/x-protobuf',
    decode: (signal, body) => {
      const message = type(messageOf[signal])
      return message.toObject(message.decode(body), { longs: String })
    },
    encode: (_signal, answer) => {
      if (answer.type === 'refused') return type('Refused').encode({ message: answer.message }).finish()
      const partialSuccess = { rejected: answer.rejected, errorMessage: answer.message }
      return type('Accepted').encode(isPlain(answer) ? {} : { partialSuccess }).finish()
    },
  }
}

let protobuf: Promise<Codec> | undefined

/**
 * The codec of an encoding.
 *
 * @throws {@link MissingProtobufError} for `protobuf` when protobufjs is not installed.
 */
export function codecFor(encoding: Encoding): Codec | Promise<Codec> {
  if (encoding === 'json') return json
  protobuf ??= loadProtobuf()
  return protobuf
}

/** The encoding a `Content-Type` stands for; `undefined` for one that is not OTLP's. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  // Media types are case-insensitive (RFC 9110, 8.3.1).
  const type = contentType?.split(';')[0]?.trim().toLowerCase()
  if (type === 'application/json') return 'json'
  return type === 'application/x-protobuf' ? 'protobuf' : undefined
}
