/**
 * Readers for OTLP's plain form. OTLP/JSON and protobuf.js objects differ only in how they write bytes and 64-bit
 * integers, so one set of readers serves both.
 *
 * @module
 */
import type { CollectedAttributes } from './telemetry.ts'

/** An object of unknown shape, as it came off the wire. */
export type Raw = Readonly<Record<string, unknown>>

const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The object under `key`, or an empty one: OTLP omits whatever is empty. */
export const object = (raw: Raw, key: string): Raw => {
  const value = raw[key]
  return isRaw(value) ? value : {}
}

/** The objects of the array under `key`. */
export const list = (raw: Raw, key: string): readonly Raw[] => {
  const value = raw[key]
  return Array.isArray(value) ? value.filter(isRaw) : []
}

export const text = (raw: Raw, key: string): string => {
  const value = raw[key]
  return typeof value === 'string' ? value : ''
}

export const number = (raw: Raw, key: string): number => Number(raw[key] ?? 0)

/** A trace or span id: hex text in OTLP/JSON (the one deviation from proto3 JSON, whose bytes are base64), bytes in protobuf. */
export const id = (raw: Raw, key: string): string => {
  const value = raw[key]
  if (typeof value === 'string') return value.toLowerCase()
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : ''
}

const integerText = (value: unknown): string | undefined => {
  const digits = typeof value === 'number' ? Math.trunc(value).toString() : value
  return typeof digits === 'string' && /^-?\d+$/.test(digits) ? digits : undefined
}

/** A 64-bit integer that must keep every digit, as a timestamp must. */
export const bigint = (raw: Raw, key: string): bigint => {
  const value = raw[key]
  return typeof value === 'bigint' ? value : BigInt(integerText(value) ?? 0)
}

/** A 64-bit integer as the number people compare with, unless a number would lose digits. */
export const integer = (value: unknown): number | bigint => {
  const exact = BigInt(integerText(value) ?? 0)
  const plain = Number(exact)
  return Number.isSafeInteger(plain) ? plain : exact
}

/** An `AnyValue` as plain JavaScript; `undefined` for the empty one. */
export function anyValue(raw: Raw): unknown {
  if (raw['stringValue'] !== undefined) return raw['stringValue']
  if (raw['boolValue'] !== undefined) return raw['boolValue']
  if (raw['intValue'] !== undefined) return integer(raw['intValue'])
  // OTLP/JSON spells the doubles that JSON has no number for: "NaN", "Infinity", "-Infinity".
  if (raw['doubleValue'] !== undefined) return Number(raw['doubleValue'])
  if (raw['arrayValue'] !== undefined) return list(object(raw, 'arrayValue'), 'values').map(anyValue)
  if (raw['kvlistValue'] !== undefined) return attributes(object(raw, 'kvlistValue'), 'values')
  const bytes = raw['bytesValue']
  if (bytes instanceof Uint8Array) return new Uint8Array(bytes)
  return typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'base64')) : undefined
}

/** A list of `KeyValue` as an object. */
export function attributes(raw: Raw, key = 'attributes'): CollectedAttributes {
  return Object.fromEntries(list(raw, key).map((pair) => [text(pair, 'key'), anyValue(object(pair, 'value'))]))
}
