/** A caller's span, and the header that carries it. */
export const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
export const TRACEPARENT = `00-${CALLER.traceId}-${CALLER.spanId}-01`

/** API Gateway REST API, Lambda proxy integration. Headers keep the spelling they were sent in. */
export const restApi = {
  resource: '/pets/{petId}',
  path: '/pets/10',
  httpMethod: 'GET',
  headers: { Host: 'api.example.com', 'User-Agent': 'okhttp/4.9', 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '203.0.113.7, 10.0.0.1', Traceparent: TRACEPARENT },
  multiValueHeaders: { Host: ['api.example.com'], 'User-Agent': ['okhttp/4.9'], 'X-Forwarded-Proto': ['https'], 'X-Forwarded-For': ['203.0.113.7, 10.0.0.1'], Traceparent: [TRACEPARENT] },
  queryStringParameters: { color: 'light grey', tag: 'b' },
  multiValueQueryStringParameters: { color: ['light grey'], tag: ['a', 'b'] },
  pathParameters: { petId: '10' },
  stageVariables: null,
  requestContext: {
    accountId: '123456789012',
    apiId: 'a1b2c3',
    domainName: 'api.example.com',
    identity: { sourceIp: '203.0.113.7', userAgent: 'okhttp/4.9' },
    path: '/prod/pets/10',
    protocol: 'HTTP/1.1',
    resourcePath: '/pets/{petId}',
    stage: 'prod',
  },
  body: null,
  isBase64Encoded: false,
}

/** API Gateway HTTP API, payload format 2.0. */
export const httpApi = {
  version: '2.0',
  routeKey: 'POST /orders/{id}',
  rawPath: '/orders/7',
  rawQueryString: 'dry=1&sig=c2VjcmV0',
  headers: { host: 'a1b2c3.execute-api.eu-west-1.amazonaws.com', 'user-agent': 'curl/8.5', 'x-forwarded-for': '198.51.100.4', 'x-forwarded-proto': 'https', traceparent: TRACEPARENT, tracestate: 'vendor=1' },
  queryStringParameters: { dry: '1', sig: 'c2VjcmV0' },
  requestContext: {
    accountId: '123456789012',
    apiId: 'a1b2c3',
    domainName: 'a1b2c3.execute-api.eu-west-1.amazonaws.com',
    http: { method: 'POST', path: '/orders/7', protocol: 'HTTP/1.1', sourceIp: '198.51.100.4', userAgent: 'curl/8.5' },
    routeKey: 'POST /orders/{id}',
    stage: '$default',
  },
  body: '{}',
  isBase64Encoded: false,
}

/** Lambda function URL: the same payload format, with a domain of its own and no routes. */
export const functionUrl = {
  version: '2.0',
  routeKey: '$default',
  rawPath: '/hello',
  rawQueryString: '',
  headers: { host: 'abc123.lambda-url.eu-west-1.on.aws', 'user-agent': 'curl/8.5', 'x-forwarded-proto': 'https', 'x-forwarded-for': '198.51.100.4' },
  requestContext: {
    accountId: 'anonymous',
    domainName: 'abc123.lambda-url.eu-west-1.on.aws',
    http: { method: 'GET', path: '/hello', protocol: 'HTTP/2.0', sourceIp: '198.51.100.4', userAgent: 'curl/8.5' },
    routeKey: '$default',
    stage: '$default',
  },
  isBase64Encoded: false,
}

/** The handshake of an API Gateway WebSocket API. */
export const webSocketConnect = {
  headers: { Host: 'ws.example.com', 'Sec-WebSocket-Version': '13', 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '203.0.113.9', traceparent: TRACEPARENT },
  multiValueHeaders: { Host: ['ws.example.com'], 'Sec-WebSocket-Version': ['13'], 'X-Forwarded-Proto': ['https'], 'X-Forwarded-For': ['203.0.113.9'], traceparent: [TRACEPARENT] },
  requestContext: { routeKey: '$connect', eventType: 'CONNECT', connectionId: 'L0SM9cOFvHcCIhw=', domainName: 'ws.example.com', stage: 'prod', identity: { sourceIp: '203.0.113.9' } },
  isBase64Encoded: false,
}

export const webSocketMessage = {
  requestContext: { routeKey: 'sendMessage', eventType: 'MESSAGE', messageId: 'L0SNDfmnPHcCJWg=', connectionId: 'L0SM9cOFvHcCIhw=', domainName: 'ws.example.com', stage: 'prod', identity: { sourceIp: '203.0.113.9' } },
  body: '{"action":"sendMessage"}',
  isBase64Encoded: false,
}

/** Application Load Balancer, whose parameters stay as they were sent. */
export const loadBalancer = {
  requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/orders/49e9d65c45c6791a' } },
  httpMethod: 'GET',
  path: '/lambda',
  queryStringParameters: { query: '1234%20ABCD' },
  headers: { host: 'shop.example.com:8080', 'user-agent': 'Mozilla/5.0', 'x-forwarded-for': '72.12.164.125', 'x-forwarded-proto': 'http', traceparent: TRACEPARENT },
  body: '',
  isBase64Encoded: false,
}

/** The same with multi-value headers switched on for its target group. */
export const loadBalancerMulti = {
  requestContext: loadBalancer.requestContext,
  httpMethod: 'GET',
  path: '/lambda',
  multiValueQueryStringParameters: { query: ['1234%20ABCD', 'x'] },
  multiValueHeaders: { host: ['shop.example.com'], 'x-forwarded-for': ['72.12.164.125'], 'x-forwarded-proto': ['http'], traceparent: [TRACEPARENT], tracestate: ['a=1', 'b=2'] },
  body: '',
  isBase64Encoded: false,
}

/** A Lambda authorizer of a REST API: it gets the request but answers with a policy. */
export const authorizer = {
  ...restApi,
  type: 'REQUEST',
  methodArn: 'arn:aws:execute-api:eu-west-1:123456789012:a1b2c3/prod/GET/pets/10',
}
