import { inspect } from 'node:util'

/** Throws, with the sentence and the values, unless a condition of a guarantee holds. */
export function must(holds: boolean, sentence: string, ...about: unknown[]): asserts holds {
  if (!holds) throw new Error([sentence, ...about.map((each) => inspect(each, { depth: 4, breakLength: 120 }))].join('\n  '))
}

export const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)
