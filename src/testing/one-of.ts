import type { Check } from '../core/options.ts'

/** An option that is one of a type's names. As keys they are checked by the compiler: neither too few nor too many. */
export function oneOf<Name extends string>(all: Record<Name, 1>): Check {
  const names: unknown[] = Object.keys(all)
  return [`'${names.join("' or '")}'`, (value) => names.includes(value)]
}
