// A handler wrapped twice, by any two wraps of the package, from any two of its copies.
import { createRequire } from 'node:module'
import * as anywhere from 'flushed'
import * as lambda from 'flushed/lambda'
import * as middyEntry from 'flushed/middy'
import { telemetry, tracer } from '../../guarantees/functions/setup.mjs'
import middy from '../../runtimes/middy/node_modules/@middy/core/index.js'

const require = createRequire(import.meta.url)

const onFlush = ({ spans }) => console.log(`REPORT ${JSON.stringify(spans)}`)
const wrapping = ({ withTelemetry }, name) => (handler) => withTelemetry(handler, { telemetry, onFlush, name })
const using = (entry, name) => (handler) => middy().use(entry.telemetry({ telemetry, onFlush, name })).handler(handler)

const wraps = {
  'flushed': wrapping(anywhere, 'flushed'),
  'flushed/lambda': wrapping(lambda, 'flushed/lambda'),
  'flushed/middy': using(middyEntry, 'flushed/middy'),
  'flushed, required': wrapping(require('flushed'), 'flushed, required'),
  'flushed/lambda, required': wrapping(require('flushed/lambda'), 'flushed/lambda, required'),
  'flushed/middy, required': using(require('flushed/middy'), 'flushed/middy, required'),
}

async function order({ fail }) {
  tracer.startActiveSpan('charge', (charge) => charge.end())
  if (fail) throw new RangeError('out of stock')
  return { ordered: true }
}

const made = {}

export const handler = (event, context) => {
  const { outer, inner } = event
  const wrapped = (made[`${outer} / ${inner}`] ??= wraps[outer](wraps[inner](order)))
  return wrapped(event, context)
}
