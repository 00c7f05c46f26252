import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { createOrder } from '../../lambda/orders/business.ts'
import { type Created, createdBy } from '../created.ts'

/** How many spans a request creates, that of its handler included. One at a time. */
export const created = (event: APIGatewayProxyEventV2): Promise<Created> => createdBy(() => createOrder(event))
