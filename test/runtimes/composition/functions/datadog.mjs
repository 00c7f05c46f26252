import tracer from 'dd-trace'
import { datadog } from 'datadog-lambda-js'
import { oneOf, oneStreamOf } from './cells.mjs'
import { cells, order, streamed } from './setup.mjs'

tracer.init()
// Otherwise Datadog traces the exporter's requests, too.
tracer.use('http', { client: { blocklist: [/\/v1\/traces$/] } })

const mark = (text) => tracer.trace(text, () => {})

export const handler = oneOf(cells('datadog', datadog, order(mark)))
export const stream = oneStreamOf(cells('datadog', datadog, streamed(mark)))
