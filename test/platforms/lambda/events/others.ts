export function s3Record(eventName: string, key: string) {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'eu-west-1',
    eventTime: '2026-01-02T12:45:07.000Z',
    eventName,
    s3: { s3SchemaVersion: '1.0', bucket: { name: 'invoices', arn: 'arn:aws:s3:::invoices' }, object: { key, size: 1024, eTag: '0123456789abcdef' } },
  }
}

export const s3 = { Records: [s3Record('ObjectCreated:Put', '2026/annual+report%C3%A9.pdf')] }

export function dynamoDbRecord(eventName: string) {
  return {
    eventID: '1',
    eventVersion: '1.0',
    eventName,
    awsRegion: 'eu-west-1',
    eventSource: 'aws:dynamodb',
    eventSourceARN: 'arn:aws:dynamodb:eu-west-1:123456789012:table/Orders/stream/2026-01-01T00:00:00.000',
    dynamodb: { ApproximateCreationDateTime: 1767358800, Keys: { Id: { N: '101' } }, SequenceNumber: '111', SizeBytes: 26, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  }
}

export const dynamoDb = { Records: [dynamoDbRecord('INSERT'), dynamoDbRecord('INSERT')] }

/** An EventBridge rule with a schedule. */
export const scheduledRule = {
  version: '0',
  id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: '123456789012',
  time: '2026-01-02T12:45:00Z',
  region: 'eu-west-1',
  resources: ['arn:aws:events:eu-west-1:123456789012:rule/nightly'],
  detail: {},
}

/** EventBridge Scheduler, without an input of its own. */
export const scheduler = {
  ...scheduledRule,
  source: 'aws.scheduler',
  resources: ['arn:aws:scheduler:eu-west-1:123456789012:schedule/default/nightly'],
  detail: '{}',
}

export const cognito = {
  version: '1',
  region: 'eu-west-1',
  userPoolId: 'eu-west-1_AbCdEf',
  userName: 'ada',
  triggerSource: 'PreSignUp_SignUp',
  callerContext: { awsSdkVersion: 'aws-sdk-js-3', clientId: 'client' },
  request: { userAttributes: {} },
  response: {},
}

export const appSync = {
  arguments: { id: '1' },
  identity: null,
  source: null,
  request: { headers: { host: 'example.appsync-api.eu-west-1.amazonaws.com' }, domainName: null },
  prev: null,
  info: { selectionSetList: ['id'], parentTypeName: 'Query', fieldName: 'getOrder', variables: {} },
  stash: {},
}

/** What the durable execution service invokes a function with. The event that started the execution is inside. */
export const durable = {
  DurableExecutionArn: 'arn:aws:lambda:us-east-1:123456789012:function:orders:1/durable-execution/order-1/7',
  CheckpointToken: 'token 1',
  InitialExecutionState: {
    Operations: [{ Id: 'input', Type: 'EXECUTION', Status: 'STARTED', ExecutionDetails: { InputPayload: '{"id":1}' } }],
  },
}
