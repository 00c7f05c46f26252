/** The event and the context that every contestant is called with, like those on Lambda. */

/** @param {number} children how many child spans an invocation records */
export const eventWith = (children) => ({ orderId: 'o-1f0a', items: ['tea', 'cups'], children })

/** The context of one invocation. Each invocation gets its own, as from the runtime. */
export function lambdaContext() {
  const deadline = Date.now() + 30_000
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'orders',
    functionVersion: '7',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:orders:live',
    memoryLimitInMB: '1024',
    awsRequestId: '9f1c2f60-6f0a-4f3e-8a44-0f6f3b1d7c55',
    logGroupName: '/aws/lambda/orders',
    logStreamName: '2026/11/21/[7]2f3c5b1e9d4a47c0a1b2c3d4e5f60718',
    getRemainingTimeInMillis: () => deadline - Date.now(),
  }
}
