import type { Check } from '../core/options.ts'

/** A check for an option that is one of a type's names. The names are keys, so the compiler rejects too few and too many. */
export function oneOf<Name extends string>(all: Record<Name, 1>): Check {
  const names: unknown[] = Object.keys(all)
  return [`'${names.join("' or '")}'`, (value) => names.includes(value)]
}
