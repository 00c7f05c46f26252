import { describe, expect, it } from 'vitest'
import { joinQuery } from '../../../src/platforms/lambda/query.ts'

describe('joinQuery', () => {
  it('escapes what the gateway had decoded', () => {
    expect(joinQuery({ 'a b': ['1&2', 'é'] }, null, false)).toBe('a%20b=1%262&a%20b=%C3%A9')
  })

  it('leaves what was not decoded as it is', () => {
    expect(joinQuery(undefined, { 'a%20b': '1%262' }, true)).toBe('a%20b=1%262')
  })

  it('returns an empty string without parameters', () => {
    expect(joinQuery(null, null, false)).toBe('')
    expect(joinQuery(undefined, undefined, true)).toBe('')
  })

  it('copes with values that are no valid strings', () => {
    expect(joinQuery({ a: null, b: [1, 'x'] }, undefined, false)).toBe('b=&b=x')
    expect(joinQuery(undefined, { a: null, b: '\uD800' }, false)).toBe('a=&b=%EF%BF%BD')
  })
})
