'use server'

import { redirect } from 'next/navigation'
import { span, withTelemetry } from 'flushed/next'

// The build renames functions, so the spans get their names here.
export const order = withTelemetry(async (form) => {
  using _ = span(`INSERT ${form.get('item')}`)
  redirect('/form?ordered')
}, { name: 'order' })

export const fail = withTelemetry(async () => {
  throw new RangeError('out of stock')
}, { name: 'fail' })
