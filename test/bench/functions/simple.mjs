import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { byHand } from './by-hand.mjs'
import { exporter } from './sdk.mjs'

export const handler = byHand(new SimpleSpanProcessor({ exporter: exporter() }))
