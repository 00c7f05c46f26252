/** The function without telemetry: what the others are measured against. */
import { takeOrder } from './order.ts'

export const config = { runtime: 'edge' }
export default takeOrder
