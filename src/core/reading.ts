/**
 * Reads `value[key]`. Returns `undefined` if the value resists being read, or has no properties: methods may be called with
 * anything, and return anything.
 */
export function read(value: unknown, key: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown> | null | undefined)?.[key]
  } catch {
    return undefined
  }
}

export const hasMethod = (value: unknown, key: PropertyKey): boolean => typeof read(value, key) === 'function'
