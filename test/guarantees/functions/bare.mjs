// The same without a wrap, for comparison.
export const rejectsUndefined = async () => Promise.reject(undefined)
export const handler = async ({ id }) => ({ id })
