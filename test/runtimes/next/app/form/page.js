import { withTelemetry } from 'flushed/next'
import { fail, order } from './actions'

const cancelled = withTelemetry(async (form) => {
  if (!form.get('item')) throw new TypeError('nothing to cancel')
}, { name: 'cancel' })

async function cancel(form) {
  'use server'
  await cancelled(form)
}

export default function Page() {
  return (
    <>
      <form action={order} id="order" />
      <form action={cancel} id="cancel" />
      <form action={fail} id="fail" />
    </>
  )
}
