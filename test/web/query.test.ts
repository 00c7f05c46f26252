/** How credentials in the query of a URL are redacted. */
import { describe, expect, it } from 'vitest'
import { redacted } from '../../src/web/query.ts'

describe('redacted', () => {
  it.each(['AWSAccessKeyId', 'Signature', 'sig', 'X-Goog-Signature', 'X-Amz-Signature', 'X-Amz-Credential', 'X-Amz-Security-Token'])('hides the value of %s', (key) => {
    expect(redacted(`${key}=secret`)).toBe(`${key}=REDACTED`)
    expect(redacted(`a=1&${key}=secret&b=2`)).toBe(`a=1&${key}=REDACTED&b=2`)
  })

  it('hides each of several values', () => {
    expect(redacted('sig=a&x=1&sig=b&Signature=c')).toBe('sig=REDACTED&x=1&sig=REDACTED&Signature=REDACTED')
  })

  it('recognizes an escaped name, and is not confused by an invalid escape', () => {
    expect(redacted('%73ig=secret')).toBe('%73ig=REDACTED')
    expect(redacted('%zz=1&sig=secret')).toBe('%zz=1&sig=REDACTED')
  })

  it('hides a value that contains equals signs', () => {
    expect(redacted('sig=a==&b=1')).toBe('sig=REDACTED&b=1')
  })

  it.each(['', 'a', '&', '&&a=1&&', 'sig', 'sig&a=1', 'SIG=1', 'design=1', 'a=sig', 'a=1&b=%F0%9F%99%82', '=x'])('leaves %j as it is', (query) => {
    expect(redacted(query)).toBe(query)
  })

  it('takes no longer for a very long name without a value', () => {
    const long = 'sig'.repeat(300_000)
    expect(redacted(long)).toBe(long)
  })
})
