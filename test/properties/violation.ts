import { inspect } from 'node:util'

/** What a guarantee is about does not hold. */
export function must(holds: boolean, sentence: string, ...about: unknown[]): asserts holds {
  if (!holds) throw new Error([sentence, ...about.map((each) => inspect(each, { depth: 4, breakLength: 120 }))].join('\n  '))
}

export const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)
