/** Contexts of invocations that begin within one another's. */
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api'
import { expect, test, vi } from 'vitest'
import { owned, ownerOf } from '../../src/core/owned-context.ts'
import type { SpanOwner } from '../../src/core/types.ts'

test('an invocation’s context keeps the values of the one it begins in, not that context, whatever its class', () => {
  const [first, next] = [{}, {}] as SpanOwner[]
  const inside = owned(ROOT_CONTEXT, first as SpanOwner).setValue(Symbol.for('tenant'), 'acme')
  // A context that was entered is of another class, like this one.
  const getValue = vi.fn((key: symbol) => inside.getValue(key))
  const entered: Context = { getValue, setValue: (key, value) => inside.setValue(key, value), deleteValue: (key) => inside.deleteValue(key) }
  const context = owned(entered, next as SpanOwner)
  getValue.mockClear()
  expect([ownerOf(context) === next, context.getValue(Symbol.for('tenant'))]).toEqual([true, 'acme'])
  expect(getValue).not.toHaveBeenCalled()
})
