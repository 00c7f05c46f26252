// Handlers of the other files, without a wrap, for comparison.
export const rejectsUndefined = async () => Promise.reject(undefined)
export const handler = async ({ id }) => ({ id })
export const streams = globalThis.awslambda?.streamifyResponse(async ({ id }, stream) => void stream.end(`order ${id}`))
