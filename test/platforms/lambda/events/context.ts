import type { LambdaContextLike } from '../../../../src/platforms/lambda/description.ts'

export const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:orders'

export const context: LambdaContextLike = {
  awsRequestId: '8f507cfc-xmpl-4697-b07a-ac58fc914c95',
  invokedFunctionArn: ARN,
  functionName: 'orders',
  functionVersion: '$LATEST',
}
