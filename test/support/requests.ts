/** The events of requests, as AWS's services pass them to a function. */

/** The event of an HTTP API (payload format 2.0) or of a function URL. */
export const httpApi = (path: string, { method = 'GET', routeKey = '$default', headers = {} as Record<string, string> } = {}) => ({
  version: '2.0',
  routeKey,
  rawPath: path.replace(/\?.*/, ''),
  rawQueryString: path.split('?')[1] ?? '',
  headers: { host: 'shop.example', ...headers },
  requestContext: {
    domainName: 'shop.example',
    stage: '$default',
    requestId: 'request-1',
    http: { method, path: path.replace(/\?.*/, ''), protocol: 'HTTP/1.1', sourceIp: '192.0.2.7', userAgent: 'test' },
  },
  body: '',
  isBase64Encoded: false,
})

/** The event of a REST API (payload format 1.0). */
export const restApi = (path: string, { resource = '/{proxy+}', stage = 'prod' } = {}) => ({
  resource,
  path,
  httpMethod: 'GET',
  headers: { host: 'shop.example' },
  multiValueHeaders: { host: ['shop.example'] },
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  requestContext: {
    domainName: 'shop.example',
    stage,
    requestId: 'request-1',
    path: `/${stage}${path}`,
    httpMethod: 'GET',
    identity: { sourceIp: '192.0.2.7', userAgent: 'test' },
  },
  body: '',
  isBase64Encoded: false,
})
