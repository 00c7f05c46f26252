/** The function without telemetry. The others are measured against it. */
import { takeOrder } from './order.ts'

export const config = { runtime: 'edge' }
export default takeOrder
