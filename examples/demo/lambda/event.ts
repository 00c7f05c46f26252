/**
 * The requests of the demo, as API Gateway hands them to a function (HTTP API, payload format 2.0).
 *
 * @module
 */
import type { APIGatewayProxyEventV2 } from 'aws-lambda'

const skus = ['mug', 'teapot', 'kettle', 'saucer']

/** An order of so many lines. */
export function orderOf(lines: number): APIGatewayProxyEventV2 {
  const order = {
    customer: 'known-4711',
    lines: Array.from({ length: lines }, (_, index) => ({ sku: skus[index % skus.length], quantity: 1 + (index % 3) })),
  }
  const path = '/orders'
  return {
    version: '2.0',
    routeKey: `POST ${path}`,
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/json', host: 'api.example.com' },
    requestContext: {
      accountId: '123456789012',
      apiId: 'a1b2c3d4e5',
      domainName: 'api.example.com',
      domainPrefix: 'api',
      http: { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '198.51.100.7', userAgent: 'flushed-demo' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: `POST ${path}`,
      stage: '$default',
      time: '01/Jan/2026:12:00:00 +0000',
      timeEpoch: 1767268800000,
    },
    body: JSON.stringify(order),
    isBase64Encoded: false,
  }
}
