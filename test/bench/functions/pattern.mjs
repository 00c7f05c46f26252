import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { byHand } from './by-hand.mjs'
import { exporter } from './sdk.mjs'

export const handler = byHand(new BatchSpanProcessor({ exporter: exporter() }))
