/** The names of spans, in order. */
export const names = (spans: readonly { readonly name: string }[]): string[] => spans.map(({ name }) => name)
