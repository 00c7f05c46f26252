/** Fake contexts of the platforms, and an error to fail with. */
export const failure = new RangeError('no such order')

/** A fake platform context that keeps the promises passed to its `waitUntil`. */
export const keeping = (more: object = {}) => {
  const work: Promise<unknown>[] = []
  return { ...more, work, waitUntil: (promise: Promise<unknown>) => void work.push(promise) }
}

/** A fake context of Lambda, with this much time left. */
export const onLambda = (leftMs = 10_000) => ({ awsRequestId: 'r-1', getRemainingTimeInMillis: () => leftMs })
