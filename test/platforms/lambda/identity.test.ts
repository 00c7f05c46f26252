import { afterEach, describe, expect, it, vi } from 'vitest'
import { identify } from '../../../src/platforms/lambda/identity.ts'
import { ARN, context } from './events/context.ts'

afterEach(() => vi.unstubAllEnvs())

describe('cloud.resource_id', () => {
  const resourceId = (invokedFunctionArn: string, functionVersion?: string) =>
    identify({ ...context, invokedFunctionArn, ...(functionVersion && { functionVersion }) }).attributes['cloud.resource_id']

  it('is the ARN itself if the ARN has no qualifier', () => {
    expect(resourceId(ARN, '$LATEST')).toBe(ARN)
  })

  it('is the ARN itself if the ARN names a version', () => {
    expect(resourceId(`${ARN}:7`, '7')).toBe(`${ARN}:7`)
    expect(resourceId(`${ARN}:$LATEST`, '$LATEST')).toBe(`${ARN}:$LATEST`)
  })

  it('has the version that an alias resolved to in place of the alias', () => {
    const { attributes } = identify({ ...context, invokedFunctionArn: `${ARN}:live`, functionVersion: '7' })
    expect(attributes['cloud.resource_id']).toBe(`${ARN}:7`)
    expect(attributes['aws.lambda.invoked_arn']).toBe(`${ARN}:live`)
  })

  it('drops an alias that cannot be resolved', () => {
    expect(identify({ invokedFunctionArn: `${ARN}:live` }).attributes['cloud.resource_id']).toBe(ARN)
  })
})

describe('the identity of a function', () => {
  it('is kept while it is invoked the same way', () => {
    expect(identify({ ...context })).toBe(identify({ ...context }))
  })

  it('follows every change of ARN, version or name', () => {
    const live = { ...context, invokedFunctionArn: `${ARN}:live`, functionVersion: '7' }
    expect(identify(live).attributes['cloud.resource_id']).toBe(`${ARN}:7`)
    expect(identify({ ...live, functionName: 'other' }).name).toBe('other')
    const canary = { ...live, functionName: 'other', invokedFunctionArn: `${ARN}:canary` }
    expect(identify(canary).attributes['aws.lambda.invoked_arn']).toBe(`${ARN}:canary`)
    expect(identify({ ...canary, functionVersion: '8' }).attributes['cloud.resource_id']).toBe(`${ARN}:8`)
  })
})

describe('with an incomplete context, the identity', () => {
  it('takes the name from the environment, or else from the ARN', () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'from-environment')
    expect(identify({ invokedFunctionArn: ARN, functionVersion: 'a' }).name).toBe('from-environment')
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', undefined)
    expect(identify({ invokedFunctionArn: ARN, functionVersion: 'b' }).name).toBe('orders')
  })

  it('takes the region from the environment', () => {
    vi.stubEnv('AWS_REGION', 'us-east-2')
    expect(identify({ functionName: 'local', functionVersion: 'c' }).attributes).toEqual({ 'cloud.region': 'us-east-2' })
  })

  it.each([undefined, null])('still has a name if the context is %s', (nothing) => {
    expect(identify(nothing).name).toEqual(expect.any(String))
  })

  it('has no account ID if the ARN has none, as with local runners', () => {
    const { attributes } = identify({ functionName: 'f', invokedFunctionArn: 'arn:aws:lambda:::function:f' })
    expect(attributes).not.toHaveProperty('cloud.account.id')
  })

  it('takes no resource ID and no account ID from what is no ARN', () => {
    const { attributes } = identify({ functionName: 'f', invokedFunctionArn: 'orders' })
    expect(attributes).not.toHaveProperty('cloud.resource_id')
    expect(attributes).not.toHaveProperty('cloud.account.id')
  })
})
