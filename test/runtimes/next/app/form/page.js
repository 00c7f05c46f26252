import { withTelemetry } from 'flushed/next'
import { fail, order } from './actions'

const cancelled = withTelemetry(async function cancel(form) {
  if (!form.get('item')) throw new TypeError('nothing to cancel')
})

async function cancel(form) {
  'use server'
  await cancelled(form)
}

export default function Page() {
  return (
    <>
      <form action={order} id="order">
        <input name="item" defaultValue="books" />
      </form>
      <form action={cancel} id="cancel">
        <input name="item" defaultValue="books" />
      </form>
      <form action={fail} id="fail" />
    </>
  )
}
