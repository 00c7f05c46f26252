import { describe, expect, it } from 'vitest'
import { joinQuery, redact } from '../../../src/platforms/lambda/query.ts'

describe('redact', () => {
  it.each(['AWSAccessKeyId', 'Signature', 'sig', 'X-Goog-Signature', 'X-Amz-Signature', 'X-Amz-Credential', 'X-Amz-Security-Token'])('hides the value of %s', (key) => {
    expect(redact(`${key}=secret`)).toBe(`${key}=REDACTED`)
    expect(redact(`a=1&${key}=secret&b=2`)).toBe(`a=1&${key}=REDACTED&b=2`)
  })

  it('hides every one of several', () => {
    expect(redact('sig=a&x=1&sig=b&Signature=c')).toBe('sig=REDACTED&x=1&sig=REDACTED&Signature=REDACTED')
  })

  it('is not deceived by escapes in the name', () => {
    expect(redact('%73ig=secret')).toBe('%73ig=REDACTED')
    expect(redact('%zz=1&sig=secret')).toBe('%zz=1&sig=REDACTED')
  })

  it('hides a value that has equals signs', () => {
    expect(redact('sig=a==&b=1')).toBe('sig=REDACTED&b=1')
  })

  it.each(['', 'a', '&', '&&a=1&&', 'sig', 'sig&a=1', 'SIG=1', 'design=1', 'a=sig', 'a=1&b=%F0%9F%99%82', '=x'])('leaves %j as it is', (query) => {
    expect(redact(query)).toBe(query)
  })
})

describe('joinQuery', () => {
  it('escapes what the gateway had decoded', () => {
    expect(joinQuery({ 'a b': ['1&2', 'é'] }, null, false)).toBe('a%20b=1%262&a%20b=%C3%A9')
  })

  it('leaves what was not decoded', () => {
    expect(joinQuery(undefined, { 'a%20b': '1%262' }, true)).toBe('a%20b=1%262')
  })

  it('is empty without parameters', () => {
    expect(joinQuery(null, null, false)).toBe('')
    expect(joinQuery(undefined, undefined, true)).toBe('')
  })

  it('does with values that are none', () => {
    expect(joinQuery({ a: null, b: [1, 'x'] }, undefined, false)).toBe('b=&b=x')
    expect(joinQuery(undefined, { a: null, b: '\uD800' }, false)).toBe('a=&b=%EF%BF%BD')
  })
})
