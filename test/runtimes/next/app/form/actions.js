'use server'

import { redirect } from 'next/navigation'
import { span, withTelemetry } from 'flushed/next'

export const order = withTelemetry(async function order(form) {
  using _ = span(`INSERT ${form.get('item')}`)
  redirect('/form?ordered')
})

export const fail = withTelemetry(async function fail() {
  throw new RangeError('out of stock')
})
